import Foundation
import Media
import Testing
import Timing

/// Segments that are made one by one, and joined.
struct JoinTests {
    private func dain(_ arguments: [String]) async throws {
        let result = try await DainProcess.run(arguments)
        #expect(result.exitCode == 0, "\(result)")
    }

    private func segments(_ ranges: [String], _ options: [String], of clip: URL, in folder: TemporaryFolder)
        async throws -> [String]
    {
        var paths: [String] = []
        for (index, range) in ranges.enumerated() {
            paths.append(folder["segment\(index).mp4"].path)
            try await dain(["interpolate", clip.path, "--range", range, "-o", paths[index]] + options)
        }
        return paths
    }

    @Test(arguments: [["--factor", "2"], ["--fps", "60"]])
    func theResultIsThatOfOneRun(_ rate: [String]) async throws {
        let folder = try TemporaryFolder()
        let clip = Clips["av.mp4"]
        let options = rate + ["--crf", "0", "--preset", "ultrafast"]
        try await dain(["interpolate", clip.path, "-o", folder["whole.mp4"].path] + options)
        let paths = try await segments(["0:7", "7:8", "8:1000"], options, of: clip, in: folder)
        #expect(try MediaFile(URL(fileURLWithPath: paths[1])).streams.map(\.kind) == [.video])
        try await dain(["join"] + paths + ["--from", clip.path, "-o", folder["joined.mp4"].path])

        let (whole, joined) = (
            try Picture.all(of: folder["whole.mp4"]), try Picture.all(of: folder["joined.mp4"])
        )
        #expect(joined.map(\.time) == whole.map(\.time) && joined.map(\.planes) == whole.map(\.planes))
        let (wanted, result) = (try MediaFile(folder["whole.mp4"]), try MediaFile(folder["joined.mp4"]))
        #expect(result.streams.map(\.kind) == wanted.streams.map(\.kind))
        #expect(result.streams(.audio).map(\.packets) == wanted.streams(.audio).map(\.packets))
        #expect(result.streams(.subtitle).map(\.packets) == wanted.streams(.subtitle).map(\.packets))
        #expect(result.chapters == wanted.chapters && result.title == wanted.title)
        #expect(result.duration == wanted.duration)
    }

    /// Matroska counts milliseconds: whole, in segments that are joined, and resumed, the frames of a constant rate get the
    /// instants that those were rounded from.
    @Test func framesFromMatroskaAreAtTheirRateHoweverTheyAreMade() async throws {
        let folder = try TemporaryFolder()
        let clip = folder["clip.mkv"]
        try await dain([
            "interpolate", Clips["drop-24000-1001.mp4"].path, "--fps", "24000/1001", "-o", clip.path,
        ])
        #expect(try MediaFile(clip).videoTimes[1] == Rational(42, 1000))
        let options = ["--factor", "2", "--preset", "ultrafast"]
        try await dain(["interpolate", clip.path, "-o", folder["whole.mov"].path] + options)
        try await dain(
            [
                "interpolate", clip.path, "-o", folder["resumed.mov"].path, "--resume", "--segment-frames",
                "24",
            ]
                + options)
        let paths = try await segments(["0:7", "7:8", "8:1000"], options, of: clip, in: folder)
        try await dain(["join"] + paths + ["--from", clip.path, "-o", folder["joined.mov"].path])
        let wanted = (0..<48).map { Rational($0 * 1001, 48_000) }
        for name in ["whole.mov", "resumed.mov", "joined.mov"] {
            let file = try MediaFile(folder[name])
            #expect(file.videoTimes == wanted, "\(name)")
            #expect(file.video.packets.allSatisfy { $0.duration == Rational(1001, 48_000) }, "\(name)")
        }
    }

    @Test func segmentsThatDoNotFitAreRefused() async throws {
        let folder = try TemporaryFolder()
        let options = ["--crf", "0", "--preset", "ultrafast"]
        let clip = Clips["drop-24000-1001.mp4"]
        let paths = try await segments(["0:2", "2:4", "4:6"], options, of: clip, in: folder)
        let other = folder["other.mkv"].path
        try await dain(["interpolate", clip.path, "--range", "4:6", "--codec", "ffv1", "-o", other])
        let hint = "; give them in the order of their times"
        for (segments, reason, isHinted) in [
            ([paths[0], paths[2]], "begins at 0.167 s, but the segment before it ends at 0.083 s", false),
            ([paths[1], paths[0]], "begins at 0 s, but the segment before it ends at 0.167 s", true),
            ([paths[2], paths[0], paths[1]], "begins at 0 s, but", true),
            ([paths[0], paths[0]], "begins at 0 s, but", false),
            ([paths[0], paths[1], other], "codec", false),
            ([paths[0], folder["none.mp4"].path], "cannot be opened", false),
        ] {
            let result = try await DainProcess.run(["join"] + segments + ["-o", folder["out.mp4"].path])
            #expect(result.exitCode == 2 && result.stderr.contains(reason), "\(result)")
            #expect(result.stderrLines.count == 1 && result.stderr.contains(hint) == isHinted, "\(result)")
        }
        #expect(try !folder.names().contains("out.mp4"))
        try await dain(["join"] + paths + ["-o", folder["out.mp4"].path])
        #expect(try MediaFile(folder["out.mp4"]).videoTimes == (0..<12).map { Rational($0 * 1001, 48_000) })
    }

    /// Segments that were rendered at different rates would play as if each was right.
    @Test func segmentsOfAnotherRateAreRefused() async throws {
        let folder = try TemporaryFolder()
        let clip = folder["clip.y4m"]
        try Clips.writeY4M(clip, width: 64, height: 48, frames: 8) { x, y, frame in
            UInt8(clamping: 40 + 2 * (x - 3 * frame) + y % 7)
        }
        for codec in ["mpeg4", "libx264"] {
            let options = ["--codec", codec]
            let slow = try await segments(["0:4"], options, of: clip, in: folder)[0]
            let fast = folder["fast.mp4"].path
            try await dain(
                ["interpolate", clip.path, "--range", "4:8", "--factor", "4", "-o", fast] + options)
            let result = try await DainProcess.run(["join", slow, fast, "-o", folder["out.mp4"].path])
            #expect(result.exitCode == 2 && result.stderrLines.count == 1, "\(result)")
            #expect(
                result.stderr.contains("has 100 frames a second, and the first segment 50;"),
                "\(result)")
            #expect(try !folder.names().contains("out.mp4"))
        }
    }

    @Test func whatIsMissingOfTheOriginalIsSaid() async throws {
        let folder = try TemporaryFolder()
        let clip = Clips["drop-24000-1001.mp4"]
        let paths = try await segments(["0:1", "1:23", "23:24"], ["--codec", "mpeg4"], of: clip, in: folder)
        func warnings(_ segments: some Sequence<String>, from original: URL = clip) async throws -> [String] {
            let result = try await DainProcess.run(
                ["join"] + segments + ["--from", original.path, "-o", folder["out.mp4"].path])
            #expect(result.exitCode == 0, "\(result)")
            return result.stderrLines.filter { $0.hasPrefix("dain: warning: ") }
        }
        #expect(try await warnings(paths).isEmpty)
        let headless = try await warnings(paths[1...])
        #expect(headless.count == 1 && headless[0].contains("the beginning is missing"), "\(headless)")
        let endless = try await warnings(paths[..<2])
        #expect(endless.count == 1 && endless[0].contains("the end is missing"), "\(endless)")
        // A clip of another size may be the same, scaled; this one is longer, and has frames at the times of the segments'.
        let larger = folder["larger.mp4"]
        try Remux.encode(
            larger, width: 34, height: 18, frames: 30, settings: EncoderSettings(codec: "mpeg4"), in: folder)
        let other = try await warnings(paths, from: larger)
        #expect(
            other.contains { $0.contains("the segments are of ") && $0.contains(" is of 34x18") }, "\(other)")
    }

    /// The last frame of the segments may be stored as lasting longer than the clip: it is of it all the same.
    @Test(arguments: ["mp4", "mkv"]) func segmentsWhoseLastFrameLastsLongerAreOfTheClip(_ kind: String)
        async throws
    {
        let folder = try TemporaryFolder()
        let clip = Clips["drop-24000-1001.mp4"]
        let paths = ["0", "1"].map { folder["\($0).\(kind)"].path }
        for (path, range) in zip(paths, ["0:12", "12:999"]) {
            try await dain(["interpolate", clip.path, "--fps", "55", "--range", range, "-o", path])
        }
        try await dain(["join"] + paths + ["--from", clip.path, "-o", folder["out.\(kind)"].path])
        #expect(try folder.names().contains("out.\(kind)"))
    }

    /// Segments that show what the clip has not are of another one.
    @Test func segmentsOfAnotherClipAreRefused() async throws {
        let folder = try TemporaryFolder()
        let clip = Clips["drop-24000-1001.mp4"]
        let paths = try await segments(["0:12", "12:24"], ["--codec", "mpeg4"], of: clip, in: folder)
        func refusal(_ segments: some Sequence<String>, from original: URL) async throws -> String {
            let result = try await DainProcess.run(
                ["join"] + segments + ["--from", original.path, "-o", folder["out.mp4"].path])
            #expect(result.exitCode == 2 && result.stderrLines.count == 1, "\(result)")
            #expect(try !folder.names().contains("out.mp4"))
            return result.stderr
        }
        let short = Clips["full-range.mp4"]
        let late = try await refusal(paths, from: short)
        #expect(
            late.contains(
                "\(paths[1]): is not of \(short.path): a frame of it begins at 0.980 s, and the clip ends at 0.250 s"
            ),
            "\(late)")
        // One that begins later.
        let offset = folder["late.mkv"]
        try await dain(["interpolate", clip.path, "--range", "6:24", "-o", offset.path])
        let early = try await refusal(paths, from: offset)
        #expect(
            early.contains(
                "\(paths[0]): is not of \(offset.path): it begins at 0 s, and the clip at 0.250 s"),
            "\(early)")
    }

    /// Without the clip nobody can know whether a segment is missing before the first or behind the last.
    @Test func aJoinWithoutTheClipSaysWhatItCannotTell() async throws {
        let folder = try TemporaryFolder()
        let clip = Clips["drop-24000-1001.mp4"]
        let paths = try await segments(["6:12"], ["--codec", "mpeg4"], of: clip, in: folder)
        let text = "12 frames of 1 segment, from 0.250 s to 0.501 s"
        let alone = try await DainProcess.run(["join"] + paths + ["-o", folder["out.mp4"].path])
        #expect(alone.exitCode == 0 && alone.stderr.contains("\(text); whether the clip goes on"), "\(alone)")
        let known = try await DainProcess.run(
            ["join"] + paths + ["--from", clip.path, "-o", folder["out.mp4"].path])
        #expect(known.exitCode == 0 && known.stderr.contains(text), "\(known)")
        #expect(!known.stderr.contains("whether the clip goes on"), "\(known)")
    }

    @Test func wrongRangesAreRefused() async throws {
        let folder = try TemporaryFolder()
        for arguments in [
            ["--range", "5"], ["--range", "5:5"], ["--range", "-1:5"], ["--range", "5:4"],
            ["--range", "a:b"],
            ["--range", "0:5", "--start", "1"], ["--range", "0:5", "--duplicates", "drop"],
            ["--range", "100:200"],
        ] {
            let result = try await DainProcess.run(
                ["interpolate", Clips["av.mp4"].path, "-o", folder["out.mp4"].path] + arguments)
            #expect(result.exitCode == 2, "\(arguments): \(result)")
        }
        #expect(try folder.names().isEmpty)
    }
}
