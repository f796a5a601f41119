import Foundation
import Testing

/// What every command has in common: help, version, and how a wrong command line ends.
struct CommandLineTests {
    @Test(arguments: [["--help"], ["-h"], ["help"], ["doctor", "--help"], ["help", "doctor"]])
    func helpGoesToStandardOutput(arguments: [String]) async throws {
        let result = try await DainProcess.run(arguments)
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stdout.contains("USAGE: dain"))
        #expect(result.stderr.isEmpty)
    }

    @Test func versionIsOneNumber() async throws {
        let result = try await DainProcess.run(["--version"])
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stdout.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
        #expect(result.stderr.isEmpty)
    }

    @Test(arguments: [
        ["nonsense"], ["--nonsense"], ["doctor", "--nonsense"], ["doctor", "extra"], ["doctor", "--json=1"],
        ["help", "nonsense"], ["help", "models", "nonsense"],
        ["no\nsuch\u{1B}[31mcommand"],
    ])
    func wrongUsageIsOneLineAndTwo(arguments: [String]) async throws {
        let result = try await DainProcess.run(arguments)
        #expect(result.exitCode == 2, "\(result)")
        #expect(result.stdout.isEmpty)
        #expect(result.stderr.hasPrefix("dain: error: "))
        #expect(result.stderr.hasSuffix("\n") && result.stderrLines.count == 1, "\(result)")
        #expect(!result.stderr.contains("\u{1B}"))
    }

    @Test func aReaderThatGoesAwayIsNeitherASignalNorNews() async throws {
        // A shell closes the pipe's reading end at once; dain's write then fails with EPIPE.
        let shell = Process()
        let folder = try TemporaryFolder()
        let script = #"{ sleep 0.3; "$1" --help 2>"$2"; echo $? >"$3"; } | true"#
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = [
            "-c", script, "sh", DainProcess.binary.path, folder["stderr"].path, folder["code"].path,
        ]
        try shell.run()
        shell.waitUntilExit()
        let code = try String(contentsOf: folder["code"], encoding: .utf8)
        let stderr = try String(contentsOf: folder["stderr"], encoding: .utf8)
        #expect(code == "1\n")
        #expect(stderr.isEmpty)
    }
}
