import Foundation
import Testing

/// What is said where the result has no place for what the input has.
struct LeftoversTests {
    private func warnings(_ clip: String, _ arguments: [String], in folder: TemporaryFolder) async throws
        -> [String]
    {
        let result = try await DainProcess.run(
            ["interpolate", Clips[clip].path, "--frames", "3"] + arguments, currentDirectory: folder.url)
        #expect(result.exitCode == 0, "\(result)")
        return result.stderrLines.filter { $0.hasPrefix("dain: warning: ") && $0.contains("dropped") }
    }

    /// One note names all that images lose, and all that a stream of pictures does.
    @Test(arguments: [
        ("out/", "out/: images hold"), ("%03d.png", "%03d.png: images hold"),
        ("out.gif", "container gif holds"),
        ("out.y4m", "container yuv4mpegpipe holds"),
    ])
    func oneNoteNamesAllThatPicturesLose(_ output: String, _ opening: String) async throws {
        let folder = try TemporaryFolder()
        let streams = "audio stream 1 (aac), subtitle stream 2 (mov_text)"
        let notes = try await warnings("av.mp4", ["-o", output], in: folder)
        #expect(
            notes == [
                "dain: warning: \(opening) pictures alone; dropped: \(streams), 2 chapters, the title 'A synthetic clip'"
            ])
        let attached = try await warnings("attachments.mkv", ["-o", output], in: folder)
        #expect(
            attached.count == 1 && attached[0].contains("attachment stream 4 (ttf), video stream 5 (png)"),
            "\(attached)")
        #expect(try await warnings("drop-24000-1001.mp4", ["-o", output], in: folder).isEmpty)
    }

    @Test func aPlanSaysItToo() async throws {
        let folder = try TemporaryFolder()
        let result = try await DainProcess.run(
            ["interpolate", Clips["av.mp4"].path, "--end", "0.4", "-o", "out/", "--dry-run"],
            currentDirectory: folder.url)
        #expect(result.exitCode == 0, "\(result)")
        // The second chapter begins behind the part.
        #expect(result.stdout.contains("images hold pictures alone; dropped: audio stream 1"), "\(result)")
        #expect(result.stdout.contains(", 1 chapter, the title"), "\(result)")
    }

    @Test func chaptersAreMissed() async throws {
        let folder = try TemporaryFolder()
        let notes = try await warnings("av.mp4", ["-o", "out.avi"], in: folder)
        #expect(
            notes.contains { $0.hasSuffix("2 chapters are dropped: container avi holds none") }, "\(notes)")
    }
}
