import Foundation
import Testing

/// What `dain interpolate` tells programs while it works, and at the end.
struct ProgressTests {
    private struct Line: Decodable {
        var input: String
        var output: String
        var item: Int
        var items: Int
        var frame: Int
        var total: Int?
        var newFrames: Int
        var percent: Double?
        var rate: Double?
        var secondsElapsed: Double
        var secondsLeft: Double?
        var stages: [String: Double]
    }

    private struct Summary: Decodable {
        struct Frames: Decodable, Equatable {
            var input, output, new, held, cuts, duplicates: Int
        }
        struct Durations: Decodable { var input, output: Double? }
        var status: String
        var exitCode: Int
        var error: String?
        var inputs: [String]?
        var output: String?
        var frames: Frames?
        var durations: Durations?
        var seconds: Double?
        var rate: Double?
        var stages: [String: Double]?
        var peakMemoryBytes: Int?
        var warnings: [String]?
        var version: String
    }

    private static func decode<T: Decodable>(_ type: T.Type, _ text: some StringProtocol) throws -> T {
        try JSONDecoder.snakeCase.decode(type, from: Data(text.utf8))
    }

    /// Three pictures that move, and so two new ones between them.
    private func clip(in folder: TemporaryFolder) throws -> String {
        try Clips.writeY4M(folder["clip.y4m"], width: 64, height: 64, frames: 3) { x, y, frame in
            UInt8(clamping: 40 + 2 * (x - 4 * frame) + y % 7)
        }
        return folder["clip.y4m"].path
    }

    @Test func progressIsALineOfJSONAtATime() async throws {
        let folder = try TemporaryFolder()
        let result = try await DainProcess.run([
            "interpolate", try clip(in: folder), "-o", folder["out.mkv"].path, "--progress", "json",
            "--progress-file", folder["lines"].path, "--quiet",
        ])
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stdout.isEmpty)
        let lines = try result.stderrLines.map { try Self.decode(Line.self, $0) }
        try #require(lines.count >= 2)
        let (first, last) = (lines[0], lines[lines.count - 1])
        #expect(first.frame == 0 && first.total == 6 && first.percent == 0 && first.secondsLeft == nil)
        #expect(last.frame == 6 && last.total == 6 && last.newFrames == 2)
        #expect(last.percent == 100 && last.secondsLeft == 0)
        #expect(try #require(last.rate) > 0)
        #expect(Set(last.stages.keys) == ["decode", "convert", "network", "encode"])
        #expect(try #require(last.stages["network"]) > 0)
        #expect(last.input == folder["clip.y4m"].path && last.output == folder["out.mkv"].path)
        #expect(last.item == 1 && last.items == 1)
        #expect(lines.map(\.frame) == lines.map(\.frame).sorted())
        #expect(lines.map(\.secondsElapsed) == lines.map(\.secondsElapsed).sorted())
        let written = try String(contentsOf: folder["lines"], encoding: .utf8)
        #expect(written.split(separator: "\n").map(String.init) == result.stderrLines)
    }

    @Test func progressNoneLeavesNotes() async throws {
        let folder = try TemporaryFolder()
        let result = try await DainProcess.run([
            "interpolate", try clip(in: folder), "-o", folder["out.mkv"].path, "--progress", "none",
        ])
        #expect(result.exitCode == 0, "\(result)")
        #expect(
            result.stderrLines == ["dain: note: wrote \(folder["out.mkv"].path): 6 frames, 2 of them new"])
    }

    @Test func theSummaryCountsEveryKindOfFrame() async throws {
        let folder = try TemporaryFolder()
        // A bright scene and a dark one, the second frame of each repeats the first.
        try Clips.writeY4M(folder["clip.y4m"], width: 64, height: 64, frames: 4) { _, _, frame in
            frame < 2 ? 220 : 30
        }
        let result = try await DainProcess.run([
            "interpolate", folder["clip.y4m"].path, "-o", folder["out.mkv"].path, "--factor", "3", "--json",
        ])
        #expect(result.exitCode == 0, "\(result)")
        let summary = try Self.decode(Summary.self, result.stdout)
        #expect(summary.status == "done" && summary.exitCode == 0 && summary.error == nil)
        #expect(summary.inputs == [folder["clip.y4m"].path] && summary.output == folder["out.mkv"].path)
        #expect(
            summary.frames
                == Summary.Frames(input: 4, output: 12, new: 0, held: 8, cuts: 1, duplicates: 2))
        let durations = try #require(summary.durations)
        #expect(durations.input == 0.16 && durations.output == 0.16)
        #expect(try #require(summary.seconds) > 0)
        #expect(try #require(summary.peakMemoryBytes) > 1 << 20)
        #expect(summary.warnings == [])
        #expect(summary.version.contains("."))
    }

    /// Four frames of the result: the input's first two, one between them, and one before the third.
    @Test func onlyFramesThatAreUsedCount() async throws {
        let folder = try TemporaryFolder()
        try Clips.writeY4M(folder["clip.y4m"], width: 64, height: 64, frames: 12) { x, y, frame in
            UInt8(clamping: 40 + 2 * (x - 4 * frame) + y % 7)
        }
        for (limit, used, extra) in [(4, 3, []), (3, 2, []), (1, 1, []), (4, 3, ["--dry-run"])] {
            let result = try await DainProcess.run(
                [
                    "interpolate", folder["clip.y4m"].path, "-o", folder["out.mkv"].path, "--frames",
                    "\(limit)",
                    "--json",
                ] + extra)
            #expect(result.exitCode == 0, "\(result)")
            let frames = try #require(result.stdout.firstMatch(of: /"frames" : \{[^}]*"input" : (\d+)/)?.1)
            #expect(frames == "\(used)", "\(limit) \(extra): \(result)")
        }
    }

    @Test func theSummaryLeavesStandardOutputToTheFrames() async throws {
        let folder = try TemporaryFolder()
        let result = try await DainProcess.run(
            ["interpolate", "-", "--json", "--progress", "none"],
            stdin: try Data(contentsOf: URL(fileURLWithPath: clip(in: folder))))
        #expect(result.exitCode == 0)
        #expect(result.stderrLines.count == 2, "\(result.stderr)")
        let summary = try Self.decode(
            Summary.self, try #require(result.stderrLines.first { $0.hasPrefix("{") }))
        #expect(summary.output == "-" && summary.frames?.output == 6)
    }

    @Test(arguments: [
        (["missing.mp4"], 2, "missing.mp4: cannot be opened"),
        (["clip.y4m", "--factor", "1"], 2, "--factor must be"),
        (["clip.y4m", "--nonsense"], 2, "nonsense"),
        (["clip.y4m", "--config", "missing.json"], 2, "missing.json: cannot be read"),
        (["clip.y4m", "missing.mp4", "--output-dir", "clip.y4m"], 2, "is a file, not a folder"),
        (["clip.y4m", "--model", "nonsense", "--dry-run"], 2, "no model 'nonsense'"),
        (
            ["clip.y4m", "--model", "my.safetensors", "--dry-run"], 2,
            "no file 'my.safetensors' in the current folder, nor a model of that name, looked in "
        ),
        (["clip.y4m", "-o", "out.mkv", "--progress-file", "clip.y4m"], 2, "would replace"),
        (["clip.y4m", "-o", "out.mkv", "--progress-file", "no/lines"], 2, "no/lines: --progress-file"),
    ])
    func failuresAreSummarisedToo(_ arguments: [String], _ code: Int, _ expected: String) async throws {
        let folder = try TemporaryFolder()
        _ = try clip(in: folder)
        let result = try await DainProcess.run(
            ["interpolate"] + arguments + ["--json"], currentDirectory: folder.url)
        #expect(result.exitCode == code, "\(result)")
        let summary = try Self.decode(Summary.self, result.stdout)
        #expect(summary.status == "failed" && summary.exitCode == code)
        #expect(summary.error?.contains(expected) == true, "\(result)")
        #expect(result.stderr == "dain: error: \(summary.error ?? "")\n")
        // What is not known is there, as null.
        if summary.durations != nil {
            let pattern = /"durations" : \{\s*"input" : null,\s*"output" : null\s*\}/
            #expect(result.stdout.contains(pattern), "\(result)")
        }
        #expect(try folder.names() == ["clip.y4m"])
    }

    @Test func anInterruptionIsSummarised() async throws {
        let folder = try TemporaryFolder()
        try Clips.writeY4M(folder["long.y4m"], width: 64, height: 64, frames: 400) { x, y, frame in
            UInt8(clamping: 40 + (x * 3 + frame * 2) % 160 + y % 7)
        }
        let process = try DainProcess.start([
            "interpolate", folder["long.y4m"].path, "-o", folder["out.mkv"].path, "--json",
            "--progress-file", folder["lines"].path,
        ])
        try await process.waitWhileRunning {
            guard FileManager.default.fileExists(atPath: folder["lines"].path) else { return false }
            return try String(contentsOf: folder["lines"], encoding: .utf8).contains("\"frame\":0")
        }
        process.send(signal: SIGINT)
        let result = try await process.wait()
        #expect(result.exitCode == 130, "\(result)")
        let summary = try Self.decode(Summary.self, result.stdout)
        #expect(summary.status == "interrupted" && summary.exitCode == 130)
        #expect(summary.error == "interrupted")
        #expect(try folder.names() == ["lines", "long.y4m"])
    }
}

extension JSONDecoder {
    /// For keys as the program writes them: `exit_code` is `exitCode`.
    static var snakeCase: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}
