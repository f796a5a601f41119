import Foundation
import Testing

/// The man page and the completions: both come from the definitions of the commands.
struct ManualTests {
    private struct Tool: Decodable { var command: Command }
    private struct Command: Decodable {
        var commandName: String
        var subcommands: [Command]?
        var arguments: [Argument]?
    }
    private struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }
        var kind: String
        var shouldDisplay: Bool
        var names: [Name]?
        var abstract: String?
    }

    /// Commands with their full names, and what each says of itself.
    private func commands() async throws -> [(name: String, arguments: [Argument])] {
        let result = try await DainProcess.run(["--experimental-dump-help"])
        #expect(result.exitCode == 0, "\(result)")
        func list(_ command: Command, _ path: String) -> [(String, [Argument])] {
            (command.subcommands ?? []).filter { $0.commandName != "help" }.flatMap { sub in
                let name = "\(path) \(sub.commandName)"
                let own = sub.subcommands == nil ? [(name, sub.arguments ?? [])] : []
                return own + list(sub, name)
            }
        }
        let root = try JSONDecoder().decode(Tool.self, from: Data(result.stdout.utf8)).command
        return list(root, root.commandName)
    }

    /// The committed page's sections by their headings, without the marks of roff.
    private func sections() throws -> [String: String] {
        let file = DainProcess.repository.appendingPathComponent("man/dain.1")
        var sections: [String: String] = [:]
        var name = ""
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            let text = line.replacingOccurrences(of: "\\fB", with: "").replacingOccurrences(
                of: "\\fI", with: ""
            )
            .replacingOccurrences(of: "\\fR", with: "").replacingOccurrences(of: "\\&", with: "")
            .replacingOccurrences(of: "\\-", with: "-").replacingOccurrences(of: "\\e", with: "\\")
            if text.hasPrefix(".SH ") {
                name = String(text.dropFirst(4))
            } else {
                sections[name, default: ""] += text + "\n"
            }
        }
        return sections
    }

    @Test func thePageHasEveryOptionOfEveryCommand() async throws {
        let sections = try sections()
        let commands = try await commands()
        #expect(commands.count >= 8)
        for command in commands {
            let section = try #require(sections[command.name.uppercased()], "\(command.name) is missing")
            for argument in command.arguments where argument.shouldDisplay {
                let names = argument.names ?? []
                // Said once, for all commands.
                if names.contains(where: { ["help", "version"].contains($0.name) }) { continue }
                for name in names {
                    let spelled = (name.kind == "long" ? "--" : "-") + name.name
                    let isThere = section.contains(spelled)
                    #expect(isThere, "\(command.name) \(spelled): run scripts/make-man")
                }
                // The help texts, too: a page that says something else is stale.
                let words = (argument.abstract ?? "").split(whereSeparator: \.isWhitespace).joined(
                    separator: " ")
                let isSaid = section.contains(words)
                #expect(isSaid, "\(command.name): '\(words)': run scripts/make-man")
            }
        }
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionsAreMadeForEveryShell(_ shell: String) async throws {
        let result = try await DainProcess.run(["--generate-completion-script", shell])
        #expect(result.exitCode == 0 && result.stderr.isEmpty, "\(result.stderr)")
        for word in ["interpolate", "output-dir", "duplicates", "retime"] {
            #expect(result.stdout.contains(word), "\(shell): \(word)")
        }
    }

    @Test(arguments: [
        ("--progress", "", ["json", "bar", "none"]), ("--model", "dain-c", ["dain-campaign8"]),
        ("--codec", "libx26", ["libx264", "libx264rgb", "libx265"]), ("--duplicates", "ret", ["retime"]),
        ("--config", "", ["defaults.json", "folder"]), ("--output-dir", "", ["folder"]),
        ("in.mp4", "--progress-", ["--progress-file"]),
    ])
    func bashCompletesValues(_ before: String, _ word: String, _ expected: [String]) async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(at: folder["folder"], withIntermediateDirectories: false)
        for name in ["defaults.json", "clip.mp4"] { try Data("{}".utf8).write(to: folder[name]) }
        // What the shell does when a user types this and asks for completion.
        let script = """
            PATH="$1:$PATH"; source <("$1/dain" --generate-completion-script bash)
            COMP_WORDS=(dain interpolate "$2" "$3"); COMP_CWORD=3
            COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
            _dain dain "$3" "$2"; printf '%s\\n' "${COMPREPLY[@]}" >"$4"
            """
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.currentDirectoryURL = folder.url
        let answer = try TemporaryFolder()
        shell.arguments = [
            "-c", script, "bash", DainProcess.binary.deletingLastPathComponent().path, before, word,
            answer["words"].path,
        ]
        try shell.run()
        shell.waitUntilExit()
        let words = try String(contentsOf: answer["words"], encoding: .utf8).split(separator: "\n").map(
            String.init)
        #expect(words.sorted() == expected.sorted())
    }
}
