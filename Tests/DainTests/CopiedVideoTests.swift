import Foundation
import Media
import Testing
import Timing

/// What is copied beside the interpolated video: a second video, a time code.
struct CopiedVideoTests {
    /// QuickTime's time code is a track of its own, which muxers make anew of what the video states.
    @Test func timeCodesAreKept() async throws {
        let folder = try TemporaryFolder()
        try Remux.encode(
            folder["a.mp4"], width: 64, height: 48, frames: 4,
            settings: EncoderSettings(codec: "libx264", preset: "ultrafast"), in: folder)
        try Remux.combine(
            [folder["a.mp4"]], into: folder["clip.mov"], metadata: ["timecode": "01:02:03:04"])
        #expect(try MediaFile(folder["clip.mov"]).streams.map(\.kind) == [.video, .data])
        for (name, options, warning) in [
            ("out.mov", [], nil), ("out.mp4", [], nil), ("out.mkv", [], nil),
            ("out.avi", [], "container avi cannot hold it"),
            ("part.mov", ["--start", "0.08"], "the result begins at another frame"),
            ("fast.mov", ["--factor", "12"], "counts at most 255 frames a second"),
        ] as [(String, [String], String?)] {
            let result = try await DainProcess.run(
                ["interpolate", "clip.mov", "-o", name] + options, currentDirectory: folder.url)
            #expect(result.exitCode == 0, "\(result)")
            let warnings = result.stderrLines.filter {
                $0.hasPrefix("dain: warning: ") && $0.contains("dropped")
            }
            #expect(warnings.count == (warning == nil ? 0 : 1), "\(name): \(result)")
            #expect(
                warnings.allSatisfy {
                    $0.contains("its time code is dropped: ") && $0.contains(warning ?? "")
                }, "\(result)")
            let found = try MediaFile(folder[name])
            #expect(found.timecode == (warning == nil ? "01:02:03:08" : nil), "\(name)")
        }
    }

    /// A label counts the frames of a second: at twice the rate it is twice as large. It is kept for a part from the first frame
    /// on, and dropped for others; where a file states it as a whole, as Matroska does, as well.
    @Test(arguments: ["clip.mov", "clip.mkv"])
    func timeCodesLabelTheFirstFrame(_ clip: String) async throws {
        let folder = try TemporaryFolder()
        try Remux.encode(
            folder["a.mp4"], width: 64, height: 48, frames: 8,
            settings: EncoderSettings(codec: "libx264", preset: "ultrafast"), in: folder)
        try Remux.combine(
            [folder["a.mp4"]], into: folder[clip], metadata: ["timecode": "10:00:00:20"],
            ofFile: !clip.hasSuffix("mov"))
        for (name, options, label, words) in [
            ("double.mov", ["--factor", "2"], "10:00:00:40", nil),
            ("double.mkv", ["--factor", "2"], "10:00:00:40", nil),
            ("60.mov", ["--fps", "60"], "10:00:00:48", nil),
            ("30.mov", ["--fps", "30"], "10:00:00:24", nil),
            ("24.mkv", ["--fps", "24"], "10:00:00:19", "10:00:00:20 becomes 10:00:00:19"),
            ("part.mov", ["--start", "0.08"], nil, "the result begins at another frame"),
            (
                "slow.mkv", ["--slowdown", "2"], nil,
                "the result begins at another frame, or plays at another speed"
            ),
            ("first.mov", ["--range", "0:4"], "10:00:00:40", nil),
            ("second.mov", ["--range", "4:8"], nil, "the result begins at another frame"),
        ] as [(String, [String], String?, String?)] {
            let result = try await DainProcess.run(
                ["interpolate", clip, "-o", name] + options, currentDirectory: folder.url)
            #expect(result.exitCode == 0, "\(result)")
            let said = result.stderrLines.filter { $0.contains("time code") && $0.contains("video stream") }
            #expect(said.count == (words == nil ? 0 : 1), "\(name): \(result)")
            #expect(said.allSatisfy { $0.contains(words ?? "") }, "\(name): \(result)")
            #expect(try MediaFile(folder[name]).timecode == label, "\(name)")
        }
        let joined = try await DainProcess.run(
            ["join", "first.mov", "second.mov", "--from", clip, "-o", "joined.mov"],
            currentDirectory: folder.url)
        #expect(joined.exitCode == 0, "\(joined)")
        #expect(try MediaFile(folder["joined.mov"]).timecode == "10:00:00:40")
    }

    /// Frames that are stored in another order than they are shown in keep their times. Matroska does not store when they
    /// are decoded, so that this must be found out for those at the beginning.
    @Test(arguments: ["mkv", "mp4"], ["mkv", "mp4", "ts"])
    func framesOutOfOrderKeepTheirTimes(_ from: String, _ to: String) async throws {
        let folder = try TemporaryFolder()
        let settings = EncoderSettings(
            codec: "libx264", preset: "veryfast",
            options: [.init(key: "bf", value: "3"), .init(key: "b_strategy", value: "0")])
        try Remux.encode(
            folder["a.mp4"], width: 96, height: 64, frames: 4, settings: settings, in: folder)
        try Remux.encode(
            folder["b.mp4"], width: 64, height: 48, frames: 14, settings: settings, in: folder)
        let (clip, output) = (folder["two.\(from)"], folder["out.\(to)"])
        try Remux.combine([folder["a.mp4"], folder["b.mp4"]], into: clip)

        let result = try await DainProcess.run(["interpolate", clip.path, "-o", output.path])
        #expect(result.exitCode == 0 && !result.stderr.contains("no usable time"), "\(result)")
        let (before, after) = (try MediaFile(clip), try MediaFile(output))
        #expect(after.streams(.video).count == 2)
        let (wanted, found) = (before.streams[1].packets, after.streams[1].packets)
        let times = wanted.compactMap(\.time)
        #expect(times.count == 14 && times != times.sorted(), "the clip has no frames out of order")
        // A transport stream begins where all of its decoding times are above zero.
        let shift = (found.first?.time ?? .zero) - times[0]
        #expect(to == "ts" || shift == .zero)
        #expect(found.map(\.time) == times.map { $0 + shift })
        // Both videos stay where they were to each other.
        #expect(after.videoTimes.first == found.first?.time)
    }

    /// AVI does not say when frames are shown: what cannot be known is said.
    @Test func anUnknownOrderIsSaid() async throws {
        let folder = try TemporaryFolder()
        for (name, frames) in [("b.mkv", 2), ("plain.mkv", 0)] {
            try Remux.encode(
                folder[name], width: 64, height: 48, frames: 10,
                settings: EncoderSettings(codec: "mpeg4", options: [.init(key: "bf", value: "\(frames)")]),
                in: folder)
        }
        try Remux.encode(
            folder["a.mkv"], width: 128, height: 96, frames: 12, settings: EncoderSettings(codec: "ffv1"),
            in: folder)
        for (name, isSaid) in [("b.mkv", true), ("plain.mkv", false)] {
            try Remux.combine([folder["a.mkv"], folder[name]], into: folder["two.avi"])
            let result = try await DainProcess.run(
                ["interpolate", folder["two.avi"].path, "-o", folder["out.mkv"].path])
            #expect(result.exitCode == 0, "\(result)")
            let text =
                "warning: video stream 1: its frames are stored in another order than they are shown in"
            #expect(result.stderr.contains(text) == isSaid, "\(result)")
        }
    }

    /// AVI holds H.264 with start codes, which its muxer would miss only when frames have been made.
    @Test func whatAVICannotHoldIsDroppedBeforehand() async throws {
        let folder = try TemporaryFolder()
        for name in ["a.mkv", "b.mkv"] {
            try Remux.encode(
                folder[name], width: 64, height: 48, frames: 4,
                settings: EncoderSettings(codec: "libx264", preset: "ultrafast"), in: folder)
        }
        try Remux.combine([folder["a.mkv"], folder["b.mkv"]], into: folder["two.mkv"])
        let result = try await DainProcess.run(
            ["interpolate", folder["two.mkv"].path, "-o", folder["out.avi"].path])
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stderr.contains("is dropped: container avi holds H.264"), "\(result)")
        #expect(try MediaFile(folder["out.avi"]).streams(.video).count == 1)
    }
}
