import Foundation
import Testing

/// `--config`: defaults from a file.
struct ConfigurationTests {
    /// Runs on a clip of two equal frames, and returns how many frames came out, too.
    private func run(_ configuration: String, _ arguments: [String], output: String = "out.mkv") async throws
        -> (DainProcess.Result, frames: Int?)
    {
        let folder = try TemporaryFolder()
        try Clips.writeY4M(folder["in.y4m"], width: 64, height: 64, frames: 2) { _, _, _ in 100 }
        try Data(configuration.utf8).write(to: folder["dain.json"])
        let result = try await DainProcess.run(
            ["interpolate", "in.y4m", "-o", output] + arguments, currentDirectory: folder.url)
        let isThere = FileManager.default.fileExists(atPath: folder[output].path)
        return (result, isThere ? try MediaFile(folder[output]).video.packets.count : nil)
    }

    @Test func itsEntriesAreDefaults() async throws {
        let (result, frames) = try await run(
            #"{"factor": 5, "quiet": true, "codec": "ffv1", "encoder-option": ["level=3", "g=1"]}"#,
            ["--config", "dain.json"])
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stderr.isEmpty)
        #expect(frames == 10)
    }

    @Test func nothingIsReadThatIsNotNamed() async throws {
        let (result, frames) = try await run(#"{"factor": 5}"#, [])
        #expect(result.exitCode == 0, "\(result)")
        #expect(frames == 4)
    }

    @Test(arguments: [
        // The same option, and one that excludes it.
        (#"{"factor": 5}"#, ["--factor", "3"], 6), (#"{"factor": 5}"#, ["--fps", "100"], 8),
        (#"{"fps": 59.94}"#, ["--factor", "3"], 6),
        (#"{"slowdown": 3, "audio": "stretch"}"#, ["--factor", "4"], 8),
        (#"{"quiet": true, "factor": 3}"#, ["--verbose"], 6),
        (#"{"no-scene-detection": true, "factor": 3}"#, ["--scene-threshold", "0.5"], 6),
        // As numbers and as texts; what is switched off.
        (#"{"factor": "3", "quiet": false, "overwrite": false}"#, [], 6), (#"{}"#, [], 4),
    ])
    func theCommandLineWins(_ configuration: String, _ arguments: [String], _ frames: Int) async throws {
        let (result, found) = try await run(configuration, ["--config=dain.json"] + arguments)
        #expect(result.exitCode == 0, "\(result)")
        #expect(found == frames, "\(result)")
    }

    @Test func flagsCanBeSwitchedBack() async throws {
        // The output exists: it is the configuration itself.
        let configuration = #"{"no-overwrite": true, "format": "matroska"}"#
        let (refused, _) = try await run(configuration, ["--config", "dain.json"], output: "in.mkv")
        #expect(refused.exitCode == 0, "\(refused)")
        let folder = try TemporaryFolder()
        try Clips.writeY4M(folder["in.y4m"], width: 64, height: 64, frames: 2) { _, _, _ in 100 }
        try Data(configuration.utf8).write(to: folder["dain.json"])
        try Data("old".utf8).write(to: folder["out.mkv"])
        let words = ["interpolate", "in.y4m", "-o", "out.mkv", "--config", "dain.json"]
        let kept = try await DainProcess.run(words, currentDirectory: folder.url)
        #expect(kept.exitCode == 2 && kept.stderr.contains("exists already"), "\(kept)")
        #expect(try Data(contentsOf: folder["out.mkv"]) == Data("old".utf8))
        let replaced = try await DainProcess.run(words + ["--overwrite"], currentDirectory: folder.url)
        #expect(replaced.exitCode == 0, "\(replaced)")
        #expect(try MediaFile(folder["out.mkv"]).video.packets.count == 4)
    }

    @Test(arguments: [
        (#"{"factr": 3}"#, "dain.json:1: no option is called 'factr'; did you mean 'factor'?"),
        (#"{"input": "x"}"#, "dain.json:1: no option is called 'input'"),
        (#"{"config": "x"}"#, "dain.json:1: no option is called 'config'"),
        ("{\n  \"factor\": true\n}", "dain.json:2: 'factor' takes a number or a text, not true"),
        (#"{"factor": [2]}"#, "'factor' takes a number or a text, not a list"),
        (#"{"factor": null}"#, "'factor' takes a number or a text, not null"),
        (#"{"quiet": 1}"#, "'quiet' takes true or false, not 1"),
        (#"{"quiet": "yes"}"#, "'quiet' takes true or false, not \"yes\""),
        (#"{"encoder-option": {"g": 1}}"#, "'encoder-option' takes a text or a list of texts, not an object"),
        (#"{"factor": "abc"}"#, "dain.json:1: The value 'abc' is invalid for '--factor <n>'"),
        (#"{"factor": 1}"#, "dain.json:1: --factor must be a whole number from 2 to 1000"),
        ("{\"audio\": \"stretch\",\n\"slowdown\": \"abc\"}", "dain.json:2: The value 'abc' is invalid"),
        (#"{"factor": 2, "fps": 60}"#, "dain.json: --factor, --fps and --timestep exclude each other"),
        ("{\"factor\": 2,\n \"factor\": 3}", "dain.json:2: 'factor' is there twice"),
        (#"{"rate": 24, "input-rate": 25}"#, "'rate' and 'input-rate' are one option"),
        ("{\n  \"preset\": fast\n}", "dain.json:2: is no JSON: 'fast' is no value"),
        ("{\n\n\"crf\": 18", "dain.json:3: is no JSON: the text ends where ',' or '}' is expected"),
        ("{\"crf\": 18,}", "dain.json:1: is no JSON: a key in quotation marks is expected, not '}'"),
        ("{\"crf\": 018}", "is no JSON"), ("{\"crf\": 18} x", "is no JSON"), ("{\"a\nb\": 1}", "is no JSON"),
        ("", "dain.json:1: is no JSON"), ("[1]", "dain.json: is no JSON object"),
    ])
    func mistakesAreNamed(_ configuration: String, _ expected: String) async throws {
        let (result, frames) = try await run(configuration, ["--config", "dain.json"])
        #expect(result.exitCode == 2, "\(result)")
        #expect(result.stdout.isEmpty && frames == nil)
        #expect(
            result.stderrLines.count == 1 && result.stderr.hasPrefix("dain: error: dain.json"), "\(result)")
        #expect(result.stderr.contains(expected), "\(result)")
    }

    @Test func depthIsRefused() async throws {
        let (result, _) = try await run(String(repeating: "[", count: 100_000), ["--config", "dain.json"])
        #expect(result.exitCode == 2, "\(result)")
        #expect(result.stderr == "dain: error: dain.json:1: is no JSON: too deeply nested\n")
    }

    @Test func mistakesOfTheCommandLineAreNotTheFiles() async throws {
        let (result, _) = try await run(#"{"factor": 3}"#, ["--config", "dain.json", "--fps", "0"])
        #expect(result.exitCode == 2, "\(result)")
        #expect(!result.stderr.contains("dain.json") && result.stderr.contains("--fps"), "\(result)")
    }
}
