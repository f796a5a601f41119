import Foundation
import Testing
import Timing

/// A folder with a clip in it, and resumable runs that make `out.mp4` of it.
struct ResumableRuns {
    let folder: TemporaryFolder
    var options: [String]

    /// 12 frames of 64×48 with sound, in four segments.
    init(_ clip: String = "offset.mp4", _ options: [String] = ["--factor", "2"]) throws {
        folder = try TemporaryFolder()
        try FileManager.default.copyItem(at: Clips[clip], to: folder["clip.mp4"])
        self.options = options + ["--resume", "--segment-frames", "3"]
    }

    func arguments(to output: String = "out.mp4") -> [String] {
        ["interpolate", "clip.mp4", "-o", output] + options
    }

    func run(to output: String = "out.mp4", shell: String? = nil) async throws -> DainProcess.Result {
        try await DainProcess.run(arguments(to: output), currentDirectory: folder.url, shell: shell)
    }

    func start() throws -> DainProcess {
        try DainProcess.start(arguments(), currentDirectory: folder.url)
    }

    var runFolder: URL { folder[".out.mp4.dain"] }

    /// The journal's text; empty where there is none.
    var journal: String {
        let bytes = FileManager.default.contents(
            atPath: runFolder.appendingPathComponent("journal.json").path)
        return String(decoding: bytes ?? Data(), as: UTF8.self)
    }

    /// How many segments the journal lists by now.
    var finishedSegments: Int { journal.components(separatedBy: "\"checksum\"").count - 1 }

    /// Whether the segments are being put together.
    var isJoining: Bool {
        journal.contains("\"isRendered\" : true")
            && FileManager.default.fileExists(atPath: runFolder.appendingPathComponent("joined").path)
    }

    /// Starts a run, and kills it as soon as the condition holds.
    func kill(when condition: () throws -> Bool) async throws {
        let process = try start()
        try await process.waitWhileRunning(until: condition)
        process.send(signal: SIGKILL)
        let result = try await process.wait()
        #expect(result.signal == SIGKILL, "\(result)")
    }

    /// Runs until all four segments are there and the whole is not: files may be larger than the one, not than the other.
    /// Between the last segment and the result lies a moment that is too short to be waited for.
    func render() async throws {
        let result = try await run(shell: "ulimit -f 12")
        #expect(result.exitCode == 1 && result.signal == nil && finishedSegments == 4, "\(result)")
    }

    /// Whether two results are the same to whoever plays them: packets, times, chapters.
    func expectEqual(_ first: String, _ second: String) throws {
        let (first, second) = (try MediaFile(folder[first]), try MediaFile(folder[second]))
        #expect(first.streams.map(\.kind) == second.streams.map(\.kind))
        for (a, b) in zip(first.streams, second.streams) { #expect(a.packets == b.packets) }
        #expect(first.chapters == second.chapters && first.duration == second.duration)
        #expect(first.title == second.title)
    }
}

/// Runs that are ended in every way, and go on.
struct ResumeTests {
    @Test(arguments: [
        ("av.mp4", ["--factor", "2"]), ("offset.mp4", ["--fps", "60"]),
        ("offset.mp4", ["--slowdown", "2.5", "--audio", "stretch"]),
        ("offset.mp4", ["--start", "0.6", "--frames", "11"]),
        ("offset.mp4", ["--factor", "3", "--duplicates", "drop"]),
    ])
    func theFramesAreThoseOfAPlainRun(clip: String, rate: [String]) async throws {
        var runs = try ResumableRuns(clip, rate + ["--crf", "0", "--preset", "ultrafast"])
        let run = try await runs.run()
        runs.options.removeLast(3)
        let plain = try await runs.run(to: "plain.mp4")
        #expect(plain.exitCode == 0 && run.exitCode == 0, "\(run)")
        // The same is said, of another name.
        let notes = { (result: DainProcess.Result) in result.stderrLines.filter { !$0.contains("per second") }
        }
        #expect(notes(run).map { $0.replacing("out.mp4", with: "plain.mp4") } == notes(plain))
        #expect(try runs.folder.names() == ["clip.mp4", "out.mp4", "plain.mp4"])

        let folder = runs.folder
        let wanted = try Picture.all(of: folder["plain.mp4"])
        #expect(try Picture.all(of: folder["out.mp4"]) == wanted && wanted.count > 10)
        let (first, second) = (try MediaFile(folder["plain.mp4"]), try MediaFile(folder["out.mp4"]))
        #expect(first.streams.map(\.kind) == second.streams.map(\.kind))
        for (a, b) in zip(first.streams, second.streams) {
            #expect(a.disposition == b.disposition && a.language == b.language && a.colours == b.colours)
            #expect(a.duration == b.duration && a.sideData.keys == b.sideData.keys)
            if a.kind != .video { #expect(a.packets == b.packets) }
        }
        #expect(first.chapters == second.chapters && first.title == second.title)
        #expect(first.duration == second.duration)
    }

    @Test(arguments: [["--factor", "2"], ["--fps", "50", "--start", "0.6", "--frames", "18"]])
    func aKilledRunGoesOnToTheSameResult(_ rate: [String]) async throws {
        let runs = try ResumableRuns("offset.mp4", rate)
        #expect(try await runs.run(to: "whole.mp4").exitCode == 0)
        for count in 1...2 {
            try await runs.kill { runs.finishedSegments >= count }
            #expect(runs.finishedSegments >= count)
            #expect(!FileManager.default.fileExists(atPath: runs.folder["out.mp4"].path))
        }
        let result = try await runs.run()
        #expect(result.exitCode == 0 && result.stderr.contains("goes on behind frame "), "\(result)")
        try runs.expectEqual("out.mp4", "whole.mp4")
        #expect(try runs.folder.names() == ["clip.mp4", "out.mp4", "whole.mp4"])

        let again = try await runs.run()
        #expect(again.exitCode == 0 && again.stderr == "dain: note: out.mp4 is finished\n", "\(again)")
    }

    @Test func aRunThatIsKilledWhileItJoinsLeavesNothingBehind() async throws {
        let runs = try ResumableRuns()
        #expect(try await runs.run(to: "whole.mp4").exitCode == 0)
        try await runs.render()
        // What joining leaves there when it is killed.
        try Data("half a file".utf8).write(to: runs.runFolder.appendingPathComponent("joined"))
        try Data("half a file".utf8).write(to: runs.runFolder.appendingPathComponent("segment-0.partial"))
        let result = try await runs.run()
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stderrLines.first == "dain: note: all 24 frames are there; they are put together")
        try runs.expectEqual("out.mp4", "whole.mp4")
        #expect(try runs.folder.names() == ["clip.mp4", "out.mp4", "whole.mp4"])
    }

    @Test func anInterruptionEndsBehindTheSegment() async throws {
        let runs = try ResumableRuns("late-audio.mkv")
        let process = try runs.start()
        try await process.waitWhileRunning { runs.finishedSegments >= 1 }
        process.send(signal: SIGINT)
        let result = try await process.wait()
        #expect(result.exitCode == 130 && result.signal == nil, "\(result)")
        let kept = runs.finishedSegments
        #expect((1...4).contains(kept))
        #expect(result.stderr.contains("stopping behind this segment"), "\(result)")
        #expect(result.stderrLines.last == "dain: error: interrupted", "\(result)")
        // How many there will be is an estimate of the input's.
        #expect(result.stderr.contains("dain: note: \(kept * 6) of about 9"), "\(result)")
        #expect(result.stderr.contains(" frames are kept; the same command goes on behind them"), "\(result)")
        #expect(try runs.folder.names() == [".out.mp4.dain", "clip.mp4"])
        // Nothing half done is left.
        #expect(try runs.folder.names(in: ".out.mp4.dain").count == kept + 3)
    }

    @Test func aSecondInterruptionEndsAtOnce() async throws {
        let runs = try ResumableRuns("late-audio.mkv", ["--factor", "50"])
        let process = try runs.start()
        // 150 frames of a segment take long.
        try await process.waitWhileRunning {
            try runs.folder.names().count > 1
                && (try runs.folder.names(in: ".out.mp4.dain")).contains { $0.hasSuffix(".partial") }
        }
        process.send(signal: SIGINT)
        try await process.waitWhileRunning { try process.stderrSoFar().contains("stopping") }
        process.send(signal: SIGINT)
        let result = try await process.wait(timeout: 10)
        #expect(result.exitCode == 130 && result.signal == nil, "\(result)")
        #expect(runs.finishedSegments == 0)
    }
}
