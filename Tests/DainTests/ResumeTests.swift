import Foundation
import Testing
import Timing

/// Runs that are ended in every way, and go on.
struct ResumeTests {
    private static let segments = ["--resume", "--segment-frames", "5"]

    /// A folder with `clip.mp4`: 24 frames of 96×64 with sound, subtitles, chapters and data.
    private func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(at: Clips["av.mp4"], to: folder["clip.mp4"])
        return folder
    }

    private func arguments(_ options: [String], to output: String = "out.mp4") -> [String] {
        ["interpolate", "clip.mp4", "-o", output] + options
    }

    private func dain(_ arguments: [String], in folder: TemporaryFolder, shell: String? = nil) async throws
        -> DainProcess.Result
    {
        try await DainProcess.run(arguments, currentDirectory: folder.url, shell: shell)
    }

    /// How many segments the journal of an output lists by now.
    private func finishedSegments(_ folder: TemporaryFolder, _ output: String = "out.mp4") -> Int {
        guard let bytes = FileManager.default.contents(atPath: folder[".\(output).dain/journal.json"].path)
        else { return 0 }
        return String(decoding: bytes, as: UTF8.self).components(separatedBy: "\"checksum\"").count - 1
    }

    /// Starts a run, and kills it when the journal lists so many segments.
    private func killed(after count: Int, _ options: [String], in folder: TemporaryFolder) async throws {
        let process = try DainProcess.start(arguments(options), currentDirectory: folder.url)
        try await process.waitWhileRunning { finishedSegments(folder) >= count }
        process.send(signal: SIGKILL)
        #expect(try await process.wait().signal == SIGKILL)
        #expect(finishedSegments(folder) >= count)
        #expect(!FileManager.default.fileExists(atPath: folder["out.mp4"].path))
    }

    private func expectEqual(_ a: URL, _ b: URL) throws {
        let (first, second) = (try MediaFile(a), try MediaFile(b))
        #expect(first.streams.map(\.kind) == second.streams.map(\.kind))
        for (left, right) in zip(first.streams, second.streams) { #expect(left.packets == right.packets) }
        #expect(first.chapters == second.chapters && first.duration == second.duration)
        #expect(first.title == second.title)
    }

    @Test(arguments: [["--factor", "2"], ["--fps", "60"], ["--slowdown", "2.5", "--audio", "stretch"]])
    func theFramesAreThoseOfAPlainRun(_ rate: [String]) async throws {
        let folder = try folder()
        let options = rate + ["--crf", "0", "--preset", "ultrafast"]
        let plain = try await dain(arguments(options, to: "plain.mp4"), in: folder)
        let run = try await dain(arguments(options + Self.segments), in: folder)
        #expect(plain.exitCode == 0 && run.exitCode == 0, "\(run)")
        // The same is said, of another name.
        let notes = { (result: DainProcess.Result) in
            result.stderrLines.filter { !$0.contains(" in 0:") }
        }
        #expect(notes(run).map { $0.replacing("out.mp4", with: "plain.mp4") } == notes(plain))
        let (wanted, pictures) = (
            try Picture.all(of: folder["plain.mp4"]), try Picture.all(of: folder["out.mp4"])
        )
        #expect(pictures == wanted && pictures.count >= 48)
        let (first, second) = (try MediaFile(folder["plain.mp4"]), try MediaFile(folder["out.mp4"]))
        #expect(first.streams.map(\.kind) == second.streams.map(\.kind))
        for (left, right) in zip(first.streams, second.streams) {
            #expect(left.disposition == right.disposition && left.language == right.language)
            #expect(left.duration == right.duration && left.sideData.keys == right.sideData.keys)
            if left.kind != .video { #expect(left.packets == right.packets) }
        }
        #expect(first.chapters == second.chapters && first.title == second.title)
        #expect(first.duration == second.duration)
        #expect(try folder.names() == ["clip.mp4", "out.mp4", "plain.mp4"])
    }

    @Test(arguments: [["--factor", "2"], ["--fps", "50", "--start", "0.1", "--frames", "40"]])
    func aKilledRunGoesOnToTheSameResult(_ rate: [String]) async throws {
        let folder = try folder()
        let options = rate + Self.segments
        let whole = try await dain(arguments(options, to: "whole.mp4"), in: folder)
        #expect(whole.exitCode == 0, "\(whole)")
        try await killed(after: 1, options, in: folder)
        try await killed(after: 3, options, in: folder)
        let done = finishedSegments(folder)
        let result = try await dain(arguments(options), in: folder)
        #expect(result.exitCode == 0 && done >= 3, "\(result)")
        #expect(result.stderr.contains("goes on behind frame "), "\(result)")
        try expectEqual(folder["out.mp4"], folder["whole.mp4"])
        #expect(try folder.names() == ["clip.mp4", "out.mp4", "whole.mp4"])

        // And there is nothing left to do.
        let date = try FileManager.default.attributesOfItem(atPath: folder["out.mp4"].path)[.modificationDate]
        let again = try await dain(arguments(options), in: folder)
        #expect(again.exitCode == 0 && again.stderr == "dain: note: out.mp4 is finished\n", "\(again)")
        #expect(
            try FileManager.default.attributesOfItem(atPath: folder["out.mp4"].path)[.modificationDate]
                as? Date == date as? Date)
    }
}
