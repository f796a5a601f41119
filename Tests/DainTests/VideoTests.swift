import Foundation
import Testing
import Timing

/// `dain interpolate` on whole clips: what the result holds, and when.
struct VideoTests {
    /// Interpolates a clip with these arguments and returns the result's file.
    private func interpolate(
        _ clip: String, _ arguments: [String], to name: String, in folder: TemporaryFolder
    ) async throws -> URL {
        let result = try await DainProcess.run(
            ["interpolate", Clips[clip].path, "-o", folder[name].path] + arguments)
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stdout.isEmpty)
        #expect(try folder.names() == [name])
        return folder[name]
    }

    @Test func everythingBesidesTheFramesIsKept() async throws {
        let folder = try TemporaryFolder()
        let output = try await interpolate("av.mp4", ["--factor", "2"], to: "out.mp4", in: folder)
        let (source, result) = (try MediaFile(Clips["av.mp4"]), try MediaFile(output))

        #expect(result.container.contains("mp4"))
        #expect(result.duration == source.duration)
        #expect(result.title == "A synthetic clip" && result.title == source.title)
        #expect(result.chapters == source.chapters && result.chapters.map(\.title) == ["Opening", "Ending"])
        #expect(result.streams.map(\.kind) == source.streams.map(\.kind))
        #expect(result.streams.map(\.language) == source.streams.map(\.language))
        #expect(result.streams.map(\.disposition) == source.streams.map(\.disposition))
        #expect(result.streams.map(\.duration) == source.streams.map(\.duration))

        let (sound, cues) = (result.streams(.audio), result.streams(.subtitle))
        #expect(sound.map(\.codec) == ["aac"] && cues.map(\.codec) == ["mov_text"])
        #expect(cues.map(\.language) == ["eng"])
        // Bytes, times and durations of every packet.
        #expect(sound.map(\.packets) == source.streams(.audio).map(\.packets))
        #expect(cues.map(\.packets) == source.streams(.subtitle).map(\.packets))
        #expect(sound[0].packets.count > 40)

        // 24 frames became 48: the original ones at their own times, new ones in the middle between them.
        let (times, sourceTimes) = (result.videoTimes, source.videoTimes)
        #expect(times == (0..<48).map { sourceTimes[0] + Rational($0, 48) })
        #expect(stride(from: 0, to: times.count, by: 2).map { times[$0] } == sourceTimes)
    }

    @Test func originalFramesPassBitByBitAtTheirExactTimes() async throws {
        let folder = try TemporaryFolder()
        let clip = "drop-24000-1001.mp4"
        // x264's rate factor 0 is lossless.
        let output = try await interpolate(clip, ["--factor", "3", "--crf", "0"], to: "out.mp4", in: folder)
        let (source, result) = (try Picture.all(of: Clips[clip]), try Picture.all(of: output))
        #expect(source.map(\.time) == (0..<24).map { Rational($0 * 1001, 24000) })
        try #require(result.count == 72)
        #expect(result.map(\.time) == (0..<72).map { Rational($0 * 1001, 72000) })
        let (sourceFile, resultFile) = (try MediaFile(Clips[clip]), try MediaFile(output))
        #expect(resultFile.video.packets.allSatisfy { $0.duration == Rational(1001, 72000) })
        #expect(resultFile.video.duration == sourceFile.video.duration)
        #expect(resultFile.duration == sourceFile.duration)
        for (index, picture) in source.enumerated() {
            #expect(result[3 * index].planes == picture.planes, "frame \(index)")
        }
        for index in 0..<23 {
            let (first, second) = (result[3 * index + 1], result[3 * index + 2])
            #expect(first.format == source[index].format && second.format == first.format)
            // The fixture repeats some frames, and what lies between repeats is the frame itself.
            if source[index].greatestDifference(from: source[index + 1]) <= 6 {
                #expect(first.planes == source[index].planes && second.planes == first.planes)
                continue
            }
            let neighbours = [source[index].planes, source[index + 1].planes]
            #expect(!neighbours.contains(first.planes) && !neighbours.contains(second.planes))
            #expect(first.planes != second.planes)
        }
        // Behind the last frame there is nothing to move towards: it is held.
        #expect(result[70].planes == source[23].planes && result[71].planes == source[23].planes)
    }

    @Test(arguments: ["mkv", "mp4"])
    func aVariableRateStaysVariable(container: String) async throws {
        let folder = try TemporaryFolder()
        let output = try await interpolate("vfr.mkv", ["--factor", "2"], to: "out.\(container)", in: folder)
        let source = try MediaFile(Clips["vfr.mkv"]).videoTimes
        #expect(source.count == 12 && source[4] - source[3] == Rational(1, 1000))
        let result = try MediaFile(output)
        var expected = zip(source, source.dropFirst()).flatMap { [$0, ($0 + $1) * Rational(1, 2)] }
        // The last frame lasts 120 ms.
        expected += [source[11], source[11] + Rational(60, 1000)]
        if container == "mkv" {
            // Two frames cannot share a tick of a millisecond: one is put behind the other, or left out.
            let milliseconds = expected.map { Rational(($0 * Rational(1000)).rounded, 1000) }
            #expect(Set(result.videoTimes).isSubset(of: Set(milliseconds)))
            #expect(Set(source).isSubset(of: Set(result.videoTimes)))
            #expect(result.videoTimes.count >= 23)
        } else {
            #expect(result.videoTimes == expected)
        }
        #expect(result.duration == Rational(820, 1000))
    }

    @Test func streamsThatBeginApartStayApart() async throws {
        let folder = try TemporaryFolder()
        let output = try await interpolate("offset.mp4", ["--factor", "2"], to: "out.mp4", in: folder)
        let (source, result) = (try MediaFile(Clips["offset.mp4"]), try MediaFile(output))
        #expect(source.videoTimes.first == Rational(1, 2))
        #expect(result.videoTimes == (0..<24).map { Rational(1, 2) + Rational($0, 48) })
        #expect(result.streams(.audio).map(\.packets) == source.streams(.audio).map(\.packets))
        #expect(result.streams.map(\.duration) == source.streams.map(\.duration))
    }

    @Test(arguments: [
        ("60", Rational(60), 10), ("59.94", Rational(60000, 1001), 10), ("24", Rational(24), 4),
        ("12", Rational(12), 2), ("7", Rational(7), 2),
    ])
    func aTargetRateIsExact(_ text: String, _ rate: Rational, _ count: Int) async throws {
        let folder = try TemporaryFolder()
        // Four frames at 24 a second last a sixth of a second.
        try Clips.writeY4M(
            folder["clip.y4m"], width: 64, height: 48, frames: 4, rate: "24:1",
            luma: { x, y, frame in UInt8(40 + (3 * x + y + 6 * frame) % 160) })
        let output = folder["out.mp4"]
        let run = try await DainProcess.run(
            ["interpolate", folder["clip.y4m"].path, "--fps", text, "-o", output.path])
        #expect(run.exitCode == 0, "\(run)")
        let result = try MediaFile(output)
        #expect(result.videoTimes == (0..<count).map { Rational(Int64($0)) / rate })
        // The end does not move, to the microsecond that the container's duration is told in.
        #expect(abs(result.duration!.doubleValue - 1.0 / 6) < 0.001)
    }

    @Test func framesOfALowerRateAreTheOriginals() async throws {
        let folder = try TemporaryFolder()
        let output = try await interpolate(
            "attachments.mkv", ["--fps", "12", "--codec", "ffv1"], to: "out.mkv", in: folder)
        let source = try Picture.all(of: Clips["attachments.mkv"])
        let result = try Picture.all(of: output)
        #expect(result.map(\.planes) == stride(from: 0, to: 12, by: 2).map { source[$0].planes })
    }

    @Test func attachmentsAndManyTracksAreKept() async throws {
        let folder = try TemporaryFolder()
        let output = try await interpolate("attachments.mkv", ["--fps", "24"], to: "out.mkv", in: folder)
        let (source, result) = (try MediaFile(Clips["attachments.mkv"]), try MediaFile(output))
        // Video, two tracks of sound, subtitles, a font, a cover.
        #expect(result.streams.map(\.kind) == source.streams.map(\.kind))
        #expect(result.streams.map(\.codec) == source.streams.map(\.codec))
        #expect(result.streams.map(\.language) == source.streams.map(\.language))
        #expect(result.streams.map(\.disposition) == source.streams.map(\.disposition))
        #expect(result.chapters == source.chapters && result.chapters.count == 2)
        for (copied, original) in zip(result.streams, source.streams) where original.kind != .video {
            #expect(copied.packets == original.packets)
        }
    }

    @Test func whatAContainerCannotHoldIsDroppedWithAWarning() async throws {
        let folder = try TemporaryFolder()
        let result = try await DainProcess.run([
            "interpolate", Clips["attachments.mkv"].path, "--fps", "24", "-o", folder["out.mp4"].path,
        ])
        #expect(result.exitCode == 0, "\(result)")
        let dropped = result.stderrLines.filter { $0.contains("is dropped") }
        #expect(dropped.contains { $0.contains("ttf") || $0.contains("attachment") }, "\(result)")
        #expect(try MediaFile(folder["out.mp4"]).streams(.audio).count == 2)
    }
}
