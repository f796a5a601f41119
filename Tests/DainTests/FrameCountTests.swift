import Foundation
import Testing

/// A run ends with a count of its frames.
struct FrameCountTests {
    /// libvpx leaves frames out where its rate control is told to keep to a rate that is far too low.
    @Test func framesThatTheEncoderSwallowsAreMissed() async throws {
        let folder = try TemporaryFolder()
        var random = SystemRandomNumberGenerator()
        try Clips.writeY4M(
            folder["clip.y4m"], width: 64, height: 64, frames: 40,
            luma: { _, _, _ in UInt8.random(in: 16...235, using: &random) })
        let arguments = [
            "interpolate", folder["clip.y4m"].path, "--fps", "25", "--codec", "libvpx", "-o",
            folder["out.mkv"].path,
        ]
        let sound = try await DainProcess.run(arguments)
        #expect(sound.exitCode == 0, "\(sound)")
        #expect(try MediaFile(folder["out.mkv"]).video.packets.count == 40)
        let before = try Data(contentsOf: folder["out.mkv"])
        let dropping = [
            "b=1000", "drop-threshold=90", "deadline=realtime", "bufsize=1000", "maxrate=1000",
            "minrate=1000",
        ]
        let result = try await DainProcess.run(arguments + dropping.flatMap { ["--encoder-option", $0] })
        #expect(result.exitCode == 1, "\(result)")
        let last = try #require(result.stderrLines.last)
        #expect(last.hasPrefix("dain: error: \(folder["out.mkv"].path): "), "\(last)")
        #expect(last.hasSuffix(" written, and there should be 40"), "\(last)")
        // Nothing is left behind, and the older file stays.
        #expect(try folder.names() == ["clip.y4m", "out.mkv"])
        #expect(try Data(contentsOf: folder["out.mkv"]) == before)
    }

    /// Encoders that hold frames back, that put frames out of order, and that write packets which show nothing.
    @Test(arguments: [
        ["libx264", "-o", "out.mp4"], ["libx265", "-o", "out.mkv"], ["libvpx-vp9", "-o", "out.webm"],
        [
            "libvpx", "--encoder-option", "auto-alt-ref=1", "--encoder-option", "lag-in-frames=10", "-o",
            "out.mkv",
        ],
        ["mpeg4", "--encoder-option", "bf=2", "-o", "out.avi"], ["mpeg2video", "-o", "out.ts"],
        ["ffv1", "-o", "out.avi"],
        ["prores_ks", "-o", "out.mov"], ["gif", "-o", "out.gif"], ["png", "-o", "out.mkv"],
    ])
    func allFramesArrive(_ encoding: [String]) async throws {
        let folder = try TemporaryFolder()
        try Clips.writeY4M(
            folder["clip.y4m"], width: 64, height: 64, frames: 30, rate: "25:1",
            luma: { x, y, frame in UInt8(16 + (x + y * frame) % 200) })
        let result = try await DainProcess.run(
            ["interpolate", "clip.y4m", "--fps", "25", "--codec"] + encoding, currentDirectory: folder.url)
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stderr.contains(": 30 frames, 0 of them new"), "\(result)")
        #expect(try Picture.all(of: folder[encoding.last!]).count == 30)
    }
}
