import Foundation
import Testing

/// `--output-dir`: many inputs at once.
struct BatchTests {
    private struct Summary: Decodable {
        struct Result: Decodable {
            var status: String
            var exitCode: Int
            var error: String?
            var inputs: [String]
            var output: String?
        }
        var status: String
        var exitCode: Int
        var done: Int
        var failed: Int
        var results: [Result]
    }

    /// Clips that stand still, which costs nothing.
    private func folder(_ names: [String]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in names {
            try FileManager.default.createDirectory(
                at: folder[name].deletingLastPathComponent(), withIntermediateDirectories: true)
            try Clips.writeY4M(folder[name], width: 64, height: 64, frames: 2) { _, _, _ in 100 }
        }
        return folder
    }

    private func run(_ arguments: [String], in folder: TemporaryFolder) async throws -> DainProcess.Result {
        try await DainProcess.run(["interpolate"] + arguments, currentDirectory: folder.url)
    }

    @Test func everyInputGetsItsDefaultNameInTheFolder() async throws {
        let folder = try folder(["a.y4m", "deep/b.y4m"])
        let result = try await run(
            ["a.y4m", "deep/b.y4m", "--output-dir", "made/here", "--factor", "3"],
            in: folder)
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stdout.isEmpty)
        #expect(try folder.names(in: "made/here") == ["a-3x.y4m", "b-3x.y4m"])
        #expect(try folder.names() == ["a.y4m", "deep", "made"] && folder.names(in: "deep") == ["b.y4m"])
        for name in ["a-3x.y4m", "b-3x.y4m"] {
            #expect(try Picture.all(of: folder["made/here/\(name)"]).count == 6)
        }
        #expect(
            result.stderrLines.last == "dain: note: done with 2 of 2 inputs; the results are in made/here")
    }

    @Test func twoInputsAreABatchAndNoPair() async throws {
        let folder = try TemporaryFolder()
        for name in ["one", "two"] {
            try FileManager.default.createDirectory(at: folder[name], withIntermediateDirectories: false)
            for number in 1...2 {
                try Clips.writePPM(folder["\(name)/\(number).ppm"], width: 64, height: 64) { _, _ in
                    (9, 99, 199)
                }
            }
        }
        let result = try await run(["one", "two/%d.ppm", "--output-dir", "out"], in: folder)
        #expect(result.exitCode == 0, "\(result)")
        #expect(try folder.names(in: "out") == ["1-2x.ppm", "2-2x.ppm", "3-2x.ppm", "4-2x.ppm", "one-2x"])
        #expect(try folder.names(in: "out/one-2x").count == 4)
    }

    @Test func oneFailureDoesNotStopTheRest() async throws {
        let folder = try folder(["a.y4m", "c.y4m"])
        try Data("no video".utf8).write(to: folder["b.mp4"])
        let result = try await run(
            ["a.y4m", "b.mp4", "c.y4m", "--output-dir", "out", "--json", "--quiet"],
            in: folder)
        #expect(result.exitCode == 1, "\(result)")
        #expect(try folder.names(in: "out") == ["a-2x.y4m", "c-2x.y4m"])
        #expect(result.stderrLines.count == 2, "\(result)")
        #expect(result.stderrLines[0].hasPrefix("dain: error: b.mp4: cannot be opened"))
        #expect(result.stderrLines[1] == "dain: error: 1 of 3 inputs failed: b.mp4")
        let summary = try JSONDecoder.snakeCase.decode(Summary.self, from: Data(result.stdout.utf8))
        #expect(summary.status == "failed" && summary.exitCode == 1)
        #expect(summary.done == 2 && summary.failed == 1)
        #expect(summary.results.map(\.status) == ["done", "failed", "done"])
        #expect(summary.results.map(\.exitCode) == [0, 2, 0])
        #expect(summary.results.map(\.inputs) == [["a.y4m"], ["b.mp4"], ["c.y4m"]])
        #expect(summary.results[0].output == "out/a-2x.y4m")
    }

    @Test func aBatchThatComesToNothingLeavesNoFolder() async throws {
        let folder = try folder([])
        let result = try await run(["a.mp4", "b.mp4", "--output-dir", "out"], in: folder)
        #expect(result.exitCode == 1, "\(result)")
        #expect(try folder.names().isEmpty)
    }

    @Test(arguments: [
        (["a.y4m", "deep/a.y4m"], "a.y4m and deep/a.y4m would both become out/a-2x.y4m"),
        (["a.y4m", "a.y4m"], "a.y4m: is given twice"),
        (["a.y4m", "-"], "standard input has no name"),
        (["a.y4m", "-o", "b.mkv"], "--output and --output-dir exclude each other"),
        (["a.y4m", "--report", "r.json"], "--report is for one input"),
        (["a.y4m", "--timestep", "0.5"], "--timestep takes two images"),
        (["a.y4m", "--codec", "libx246"], "did you mean 'libx264'?"),
        (["a.y4m", "--model", "dain-campain8"], "did you mean 'dain-campaign8'?"),
    ])
    func refusedBeforeAnythingStarts(_ arguments: [String], _ expected: String) async throws {
        let folder = try folder(["a.y4m", "deep/a.y4m"])
        let result = try await run(arguments + ["--output-dir", "out"], in: folder)
        #expect(result.exitCode == 2, "\(result)")
        #expect(result.stderrLines.count == 1 && result.stderr.contains(expected), "\(result)")
        #expect(try folder.names() == ["a.y4m", "deep"])
    }

    @Test func aResultDoesNotReplaceAnInput() async throws {
        let folder = try folder(["a.y4m", "a-2x.y4m"])
        let before = try Data(contentsOf: folder["a-2x.y4m"])
        let result = try await run(["a.y4m", "a-2x.y4m", "--output-dir", "."], in: folder)
        #expect(result.exitCode == 2, "\(result)")
        #expect(result.stderr.contains("the result of a.y4m would replace an input"), "\(result)")
        #expect(try Data(contentsOf: folder["a-2x.y4m"]) == before)
    }
}
