import Foundation
import Media
import Testing
import Timing

/// A second video, which is copied.
struct CopiedVideoTests {
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
}
