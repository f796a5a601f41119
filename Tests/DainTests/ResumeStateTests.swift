import Foundation
import Testing

/// What is kept of a run, whose it is, and what becomes of it.
struct ResumeStateTests {
    /// A run of which one segment or more is done.
    private func begun() async throws -> ResumableRuns {
        let runs = try ResumableRuns()
        try await runs.kill { runs.finishedSegments >= 1 }
        return runs
    }

    @Test func oneProcessWorksOnAResult() async throws {
        let runs = try ResumableRuns("late-audio.mkv", ["--factor", "50"])
        let process = try runs.start()
        try await process.waitWhileRunning { FileManager.default.fileExists(atPath: runs.runFolder.path) }
        try await Task.sleep(for: .milliseconds(200))
        // Not in its turn: the first would have ended.
        let second = try await runs.start().wait()
        let owner = "another dain (process \(process.processIdentifier))"
        #expect(second.exitCode == 2, "\(second)")
        #expect(second.stderr == "dain: error: out.mp4: \(owner) is working on it\n")
        process.send(signal: SIGKILL)
        _ = try await process.wait()
    }

    @Test(arguments: [
        (["--crf", "30"], "--crf"), (["--projection", "plain"], "--projection"),
        (["--max-memory", "8G"], "--max-memory"), (["--preset", "ultrafast"], "--preset"),
    ])
    func otherSettingsStartAnew(_ options: [String], _ name: String) async throws {
        var runs = try await begun()
        let before = runs.options
        runs.options += options
        let process = try runs.start()
        let note = "dain: note: starts anew, because this is not as it was: \(name);"
        try await process.waitWhileRunning { try process.stderrSoFar().contains(note) }
        process.send(signal: SIGKILL)
        _ = try await process.wait()
        // As long as that has made no segment, the first command goes on.
        guard name != "--crf" else { return }
        runs.options = before
        let result = try await runs.run()
        #expect(result.exitCode == 0 && result.stderr.contains("goes on behind frame"), "\(result)")
    }

    @Test func theResultOfOtherSettingsIsMadeAnew() async throws {
        var runs = try await begun()
        runs.options += ["--crf", "40"]
        let result = try await runs.run()
        #expect(result.exitCode == 0 && result.stderr.contains("starts anew"), "\(result)")
        #expect(try await runs.run(to: "whole.mp4").exitCode == 0)
        try runs.expectEqual("out.mp4", "whole.mp4")
        runs.options += ["--fps", "30"]
        runs.options.removeFirst(2)
        let other = try await runs.run()
        #expect(other.exitCode == 0 && other.stderr.contains("wrote out.mp4"), "\(other)")
        #expect(other.stderrLines.first?.contains("out.mp4 is there, but not as what") == true, "\(other)")
        #expect(try runs.folder.names() == ["clip.mp4", "out.mp4", "whole.mp4"])
    }

    @Test func anotherInputStartsAnew() async throws {
        let runs = try await begun()
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000_000)],
            ofItemAtPath: runs.folder["clip.mp4"].path)
        let result = try await runs.run()
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stderr.contains("starts anew, because this is not as it was: the input;"), "\(result)")
    }

    @Test func aSegmentThatIsDamagedIsMadeAgain() async throws {
        let runs = try ResumableRuns()
        #expect(try await runs.run(to: "whole.mp4").exitCode == 0)
        try await runs.render()
        let names = try runs.folder.names(in: ".out.mp4.dain").filter { $0.hasSuffix("-00002") }
        let file = runs.runFolder.appendingPathComponent(names[0])
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        let result = try await runs.run()
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stderr.contains("-00002 is damaged, and is made again"), "\(result)")
        #expect(result.stderr.contains("goes on behind frame 6 "), "\(result)")
        try runs.expectEqual("out.mp4", "whole.mp4")
    }

    @Test func aDamagedJournalHasACopy() async throws {
        let runs = try ResumableRuns()
        #expect(try await runs.run(to: "whole.mp4").exitCode == 0)
        try await runs.render()
        try Data("{\"version\": 1".utf8).write(to: runs.runFolder.appendingPathComponent("journal.json"))
        let result = try await runs.run()
        #expect(result.exitCode == 0 && result.stderr.contains("all 24 frames are there"), "\(result)")
        let warnings = result.stderrLines.filter {
            $0.hasPrefix("dain: warning: ") && $0.contains("journal.json")
        }
        #expect(warnings.count == 1 && warnings[0].hasSuffix("its copy is used"), "\(result)")
        try runs.expectEqual("out.mp4", "whole.mp4")
        #expect(try runs.folder.names() == ["clip.mp4", "out.mp4", "whole.mp4"])
    }

    @Test func aJournalThatIsNoneStartsAnew() async throws {
        let runs = try ResumableRuns()
        try await runs.render()
        for name in ["journal.json", "journal.json.copy"] {
            try Data("{\"version\": 1".utf8).write(to: runs.runFolder.appendingPathComponent(name))
        }
        let result = try await runs.run()
        #expect(result.exitCode == 0 && !result.stderr.contains("goes on"), "\(result)")
        let warnings = result.stderrLines.filter {
            $0.hasPrefix("dain: warning: ") && $0.contains("journal.json")
        }
        #expect(warnings.count == 1 && warnings[0].hasSuffix("work starts anew"), "\(result)")
        #expect(try runs.folder.names() == ["clip.mp4", "out.mp4"])
    }

    /// A limit on the size of files acts as a full disk does: segments fit, the whole does not.
    @Test func aFullDiskLosesNothing() async throws {
        let runs = try ResumableRuns(
            "late-audio.mkv", ["--factor", "2", "--preset", "ultrafast", "--crf", "10"])
        #expect(try await runs.run(to: "whole.mp4").exitCode == 0)
        let full = try await runs.run(shell: "ulimit -f 20")
        #expect(full.exitCode == 1 && full.signal == nil, "\(full)")
        #expect(full.stderrLines.last?.hasPrefix("dain: error: out.mp4: ") == true, "\(full)")
        #expect(full.stderr.contains("File too large"), "\(full)")
        #expect(full.stderr.contains("96 frames are kept; the same command goes on behind them"), "\(full)")
        let result = try await runs.run()
        #expect(result.exitCode == 0 && result.stderr.contains("all 96 frames are there"), "\(result)")
        try runs.expectEqual("out.mp4", "whole.mp4")
        #expect(try runs.folder.names() == ["clip.mp4", "out.mp4", "whole.mp4"])
    }

    @Test func aDiskThatHoldsNoSegmentLeavesNothing() async throws {
        var runs = try ResumableRuns("late-audio.mkv", ["--factor", "2", "--crf", "0"])
        runs.options += ["--segment-frames", "40"]
        let full = try await runs.run(shell: "ulimit -f 8")
        #expect(full.exitCode == 1 && full.signal == nil, "\(full)")
        #expect(full.stderrLines.count { $0.contains("error") } == 1, "\(full)")
        #expect(try runs.folder.names() == ["clip.mp4"])
    }

    @Test(arguments: [
        (["interpolate", "-", "--resume", "-o", "out.mp4"], "pipe"),
        (["interpolate", "clip.mp4", "--resume", "-o", "-"], "pipe"),
        (["interpolate", "a.png", "b.png", "--resume"], "two images"),
        (["interpolate", "clip.mp4", "--resume", "-o", "out/"], "sequences of images"),
        (["interpolate", "clip.mp4", "--resume", "-o", "out/%03d.png"], "sequences of images"),
        (["interpolate", "folder", "--resume", "-o", "out.mp4"], "sequences of images"),
        (["interpolate", "pipe", "--resume", "-o", "out.mp4"], "a file"),
        (["interpolate", "clip.mp4", "--resume", "--range", "0:5"], "--range"),
        (["interpolate", "clip.mp4", "--segment-frames", "5"], "--resume"),
        (["interpolate", "clip.mp4", "--resume", "--segment-frames", "0"], "from 1"),
        (["interpolate", "clip.mp4", "--resume", "-o", "out.mp4", "--codec", "none"], "none"),
        (["interpolate", "clip.mp4", "--resume", "-o", "out.y4m"], "from segments"),
        (["interpolate", "clip.mp4", "--resume", "-o", "out.gif"], "from segments"),
        (["interpolate", "clip.mp4", "--resume", "-o", "out.mp4", "--start", "100"], "no frame"),
        (["interpolate", "clip.mp4", "--resume", "-o", "none/out.mp4"], "the folder does not exist"),
        (["interpolate", "clip.mp4", "--resume", "-o", "there.mp4", "--no-overwrite"], "exists already"),
    ])
    func whatCannotBeResumedIsRefused(_ arguments: [String], _ reason: String) async throws {
        let runs = try ResumableRuns()
        let folder = runs.folder
        try FileManager.default.createDirectory(at: folder["folder"], withIntermediateDirectories: false)
        try Data("an older result".utf8).write(to: folder["there.mp4"])
        #expect(mkfifo(folder["pipe"].path, 0o600) == 0)
        let names = try folder.names()
        let result = try await DainProcess.run(arguments, currentDirectory: folder.url)
        #expect(result.exitCode == 2, "\(result)")
        let errors = result.stderrLines.filter { $0.hasPrefix("dain: error: ") }
        #expect(errors.count == 1 && errors[0].contains(reason), "\(result)")
        #expect(try folder.names() == names)
    }
}
