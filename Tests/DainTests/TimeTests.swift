import Foundation
import Media
import Testing
import Timing

/// Slow motion, parts of a clip, and long ones.
struct TimeTests {
    private func interpolate(_ input: URL, _ arguments: [String], to output: URL) async throws
        -> DainProcess.Result
    {
        let result = try await DainProcess.run(["interpolate", input.path, "-o", output.path] + arguments)
        #expect(result.exitCode == 0, "\(result)")
        return result
    }

    @Test func slowMotionKeepsTheRateAndStretchesWhatIsTimed() async throws {
        let folder = try TemporaryFolder()
        let run = try await interpolate(Clips["av.mp4"], ["--slowdown", "3"], to: folder["out.mp4"])
        let (source, result) = (try MediaFile(Clips["av.mp4"]), try MediaFile(folder["out.mp4"]))
        let start = source.videoTimes[0]
        #expect(result.videoTimes == (0..<72).map { start * Rational(3) + Rational($0, 24) })
        #expect(result.streams(.audio).isEmpty)
        #expect(
            run.stderrLines.contains {
                $0.contains("audio") && $0.contains("is dropped") && $0.contains("--audio stretch")
            })
        let (cues, before) = (result.streams(.subtitle)[0].packets, source.streams(.subtitle)[0].packets)
        #expect(cues.map(\.bytes) == before.map(\.bytes) && !cues.isEmpty)
        #expect(cues.map(\.time) == before.map { $0.time.map { $0 * Rational(3) } })
        #expect(result.chapters.map(\.start) == source.chapters.map { $0.start * Rational(3) })
        #expect(result.chapters.map(\.end) == source.chapters.map { $0.end * Rational(3) })
    }

    @Test func aFractionOfASlowdownIsExact() async throws {
        let folder = try TemporaryFolder()
        _ = try await interpolate(Clips["drop-24000-1001.mp4"], ["--slowdown", "1.5"], to: folder["out.mp4"])
        #expect(
            try MediaFile(folder["out.mp4"]).videoTimes == (0..<36).map { Rational($0 * 1001, 24_000) })
    }

    @Test(arguments: ["2", "5"]) func soundIsStretched(_ slowdown: String) async throws {
        let folder = try TemporaryFolder()
        _ = try await interpolate(
            Clips["av.mp4"], ["--slowdown", slowdown, "--audio", "stretch"], to: folder["out.mp4"])
        let (source, result) = (try MediaFile(Clips["av.mp4"]), try MediaFile(folder["out.mp4"]))
        let (before, after) = (source.streams(.audio)[0], result.streams(.audio)[0])
        #expect(after.codec == before.codec && after.language == before.language)
        let stretch = Rational(frameRate: slowdown)!
        let length = (before.duration! * stretch).doubleValue
        // A frame of AAC.
        #expect(
            abs(after.duration!.doubleValue - length) <= 1024.0 / 48_000, "\(after.duration!) for \(length)")
        for (packet, next) in zip(after.packets, after.packets.dropFirst()) {
            #expect(packet.time! + packet.duration == next.time!)
        }
    }

    /// Sound that is not in frames of a fixed length ends with the last of its samples, and no later.
    @Test(arguments: [("2", Rational(2)), ("4", Rational(4)), ("2.5", Rational(5, 2))])
    func stretchedSoundLastsToTheSample(_ slowdown: String, _ stretch: Rational) async throws {
        let folder = try TemporaryFolder()
        // Two bursts, one of them at the very end.
        let (rate, length) = (48_000, 59_257)
        let bursts = [14_400..<19_200, 52_800..<length]
        var random = SystemRandomNumberGenerator()
        try Clips.writeWAV(
            folder["sound.wav"], rate: rate,
            samples: (0..<length).map { index in
                bursts.contains { $0.contains(index) } ? Int16.random(in: -9000...9000, using: &random) : 0
            })
        try Remux.encode(
            folder["picture.mkv"], width: 64, height: 48, frames: 4, settings: EncoderSettings(codec: "ffv1"),
            in: folder)
        try Remux.combine([folder["picture.mkv"], folder["sound.wav"]], into: folder["clip.mkv"])
        _ = try await interpolate(
            folder["clip.mkv"], ["--slowdown", slowdown, "--audio", "stretch"], to: folder["out.mov"])
        let sound = try MediaFile(folder["out.mov"]).streams(.audio)[0]
        #expect(sound.codec == "pcm_s16le" && sound.packets[0].time == .zero)
        let samples = sound.packets.reduce(into: Data()) { $0.append($1.bytes) }.withUnsafeBytes {
            $0.bindMemory(to: Int16.self).map { Double($0) }
        }
        #expect(samples.count == Int((Rational(Int64(length)) * stretch).rounded))
        // What is heard lies where it belongs: the middle of each burst's energy. Half a window of the filter, which it must
        // not be off by, is 1024 samples at half the tempo.
        for burst in bursts {
            let factor = stretch.doubleValue
            let around =
                max(
                    0, Int(Double(burst.lowerBound - 4800) * factor))..<min(
                    samples.count, Int(Double(burst.upperBound + 4800) * factor))
            let energy = around.reduce(0.0) { $0 + samples[$1] * samples[$1] }
            let middle = around.reduce(0.0) { $0 + Double($1) * samples[$1] * samples[$1] } / energy
            let wanted = Double(burst.lowerBound + burst.upperBound) / 2 * factor
            #expect(abs(middle - wanted) < 300 * factor, "\(middle) for \(wanted)")
        }
    }

    @Test(arguments: [2, 4]) func stretchedFLACLastsToTheSample(_ slowdown: Int64) async throws {
        let folder = try TemporaryFolder()
        let clip = Clips["attachments.mkv"]
        _ = try await interpolate(clip, [], to: folder["same.mp4"])
        _ = try await interpolate(
            clip, ["--slowdown", "\(slowdown)", "--audio", "stretch"], to: folder["slow.mp4"])
        func length(_ name: String) throws -> Rational {
            let sound = try #require(MediaFile(folder[name]).streams(.audio).first { $0.codec == "flac" })
            return sound.packets.reduce(.zero) { $0 + $1.duration }
        }
        #expect(try length("slow.mp4") == length("same.mp4") * Rational(slowdown))
        #expect(try length("same.mp4") > Rational(1, 4))
    }

    /// Where a container cannot hold sound like the input's, it is encoded as the container has it by default.
    @Test func stretchedSoundIsEncodedAsTheContainerCanHoldIt() async throws {
        let folder = try TemporaryFolder()
        let result = try await DainProcess.run([
            "interpolate", Clips["attachments.mkv"].path, "--slowdown", "2", "--audio", "stretch", "-o",
            folder["slow.mov"].path,
        ])
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stderr.contains("(flac): its sound is encoded as aac"), "\(result)")
        let kept = try MediaFile(folder["slow.mov"]).streams(.audio).map(\.codec)
        #expect(kept.count == (try MediaFile(Clips["attachments.mkv"]).streams(.audio).count))
        #expect(kept.contains("aac") && !kept.contains("flac"), "\(kept)")
    }

    @Test func aPartIsWhatTheWholeHasThere() async throws {
        let folder = try TemporaryFolder()
        let lossless = ["--factor", "2", "--crf", "0"]
        _ = try await interpolate(Clips["av.mp4"], lossless, to: folder["whole.mp4"])
        _ = try await interpolate(
            Clips["av.mp4"], lossless + ["--start", "0:00.25", "--end", "0.75"], to: folder["part.mp4"])
        let (start, end) = (Rational(1, 4), Rational(3, 4))
        let whole = try Picture.all(of: folder["whole.mp4"]).filter { $0.time >= start && $0.time < end }
        let part = try Picture.all(of: folder["part.mp4"])
        #expect(whole.count == 24 && part.map(\.time) == whole.map { $0.time - start })
        #expect(part.map(\.planes) == whole.map(\.planes))

        let (source, result) = (try MediaFile(Clips["av.mp4"]), try MediaFile(folder["part.mp4"]))
        let sound = source.streams(.audio)[0].packets.filter { $0.time! >= start && $0.time! < end }
        #expect(result.streams(.audio)[0].packets.map(\.bytes) == sound.map(\.bytes) && !sound.isEmpty)
        #expect(result.streams(.audio)[0].packets.map(\.time) == sound.map { $0.time! - start })
        #expect(result.chapters.allSatisfy { $0.start >= .zero && $0.end <= end - start })
        #expect(result.chapters.map(\.title) == ["Opening", "Ending"])
    }

    @Test func soManyFramesAndNoMore() async throws {
        let folder = try TemporaryFolder()
        _ = try await interpolate(
            Clips["av.mp4"], ["--fps", "60", "--start", "0.1", "--frames", "13"], to: folder["out.mp4"])
        let (source, result) = (try MediaFile(Clips["av.mp4"]), try MediaFile(folder["out.mp4"]))
        // The first of the whole result's frames, at multiples of a sixtieth, that is not before 0.1 s.
        let offset = source.videoTimes[0]
        let first =
            (0...).lazy.map { offset + Rational(Int64($0), 60) }.first { $0 >= Rational(1, 10) }!
            - Rational(1, 10)
        #expect(result.videoTimes == (0..<13).map { first + Rational($0, 60) })
        let end = first + Rational(13, 60)
        let sound = source.streams(.audio)[0].packets.filter {
            $0.time! >= Rational(1, 10) && $0.time! - Rational(1, 10) < end
        }
        #expect(result.streams(.audio)[0].packets.map(\.bytes) == sound.map(\.bytes))
    }

    /// Subtitles and chapters end with the last frame, as they do with `--end`.
    @Test(arguments: ["mp4", "mov", "mkv"]) func aNumberOfFramesCutsWhatIsTimed(_ ending: String) async throws
    {
        let folder = try TemporaryFolder()
        // Matroska does not hold the subtitles of the one, nor MP4 those of the other.
        let clip = Clips[ending == "mkv" ? "attachments.mkv" : "av.mp4"]
        // 21 frames at 48 a second, of a clip that may begin behind zero.
        let start = try MediaFile(clip).videoTimes[0]
        let end = start + Rational(ending == "mkv" ? 10 : 21, 48)
        let frames = ["--frames", ending == "mkv" ? "10" : "21"]
        let limited = folder["limited.\(ending)"]
        let ended = folder["ended.\(ending)"]
        _ = try await interpolate(clip, frames, to: limited)
        _ = try await interpolate(
            clip, ["--end", String(format: "%.9f", end.doubleValue)], to: ended)
        let (a, b) = (try MediaFile(limited), try MediaFile(ended))
        #expect(a.videoTimes == b.videoTimes)
        let (cues, wanted) = (a.streams(.subtitle).first?.packets, b.streams(.subtitle).first?.packets)
        let tick = Rational(1, 1000)
        #expect(cues?.map(\.bytes) == wanted?.map(\.bytes) && cues?.isEmpty == false)
        for (cue, other) in zip(cues ?? [], wanted ?? []) {
            #expect(cue.time == other.time)
            #expect(cue.duration - other.duration <= tick && other.duration - cue.duration <= tick)
        }
        let whole = try MediaFile(clip).streams(.subtitle)[0].packets
        #expect(whole.contains { $0.time! + $0.duration > end }, "the clip has nothing to cut")
        #expect(a.chapters.map(\.title) == b.chapters.map(\.title) && !a.chapters.isEmpty)
        for (chapter, other) in zip(a.chapters, b.chapters) {
            #expect(chapter.start == other.start)
            #expect(chapter.end - other.end <= tick && other.end - chapter.end <= tick)
        }
        _ = try await interpolate(clip, frames + ["--resume"], to: folder["resumed.\(ending)"])
        let resumed = try MediaFile(folder["resumed.\(ending)"])
        #expect(resumed.chapters == a.chapters)
        #expect(resumed.streams(.subtitle).map(\.packets) == a.streams(.subtitle).map(\.packets))
    }

    /// An hour of one picture: nothing is computed, no instant drifts, the sound stays as it is.
    @Test func anHourIsFastAndExact() async throws {
        let folder = try TemporaryFolder()
        let count = 86_314
        try StillClip.write(folder["clip.mov"], frames: count, in: folder)
        let run = try await interpolate(
            folder["clip.mov"], ["--fps", "60000/1001", "--preset", "ultrafast"], to: folder["out.mov"])
        #expect(run.stderr.contains(" 0 of them new"))
        let (source, result) = (try MediaFile(folder["clip.mov"]), try MediaFile(folder["out.mov"]))
        #expect(source.videoTimes.count == count)
        let times = result.videoTimes
        #expect(times.count == count * 5 / 2 && times.count == 215_785)
        let firstWrong = times.indices.first { times[$0] != Rational(Int64($0) * 1001, 60_000) }
        #expect(firstWrong == nil)
        #expect(times.last == Rational(Int64(count * 5 / 2 - 1) * 1001, 60_000))
        #expect(result.streams(.audio)[0].packets == source.streams(.audio)[0].packets)
        #expect(source.streams(.audio)[0].packets.count >= 3600)
    }

    @Test func wrongTimesAreRefused() async throws {
        let folder = try TemporaryFolder()
        for arguments in [
            ["--start", "1", "--end", "1"], ["--start", "-1"], ["--start", "1:60"], ["--end", "0"],
            ["--frames", "0"], ["--slowdown", "1"], ["--slowdown", "0.5"], ["--slowdown", "two"],
            ["--audio", "stretch"], ["--slowdown", "2", "--factor", "2"], ["--start", "100"],
        ] {
            let result = try await DainProcess.run(
                ["interpolate", Clips["av.mp4"].path, "-o", folder["out.mp4"].path] + arguments)
            #expect(result.exitCode == 2 && result.stderr.contains("dain: error:"), "\(arguments): \(result)")
        }
        #expect(try folder.names().isEmpty)
    }
}
