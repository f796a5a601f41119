import ArgumentParser
import Console
import Foundation

/// A command line that the parser, or its configuration, refused: what can still be told from its words.
struct RefusedCommandLine {
    private let words: [String]

    init(_ words: [String]) { self.words = words }

    private static let commandsWithSummary = ["interpolate", "evaluate", "bench"]

    /// Prints the summary that `--json` asks for, where the words hold that.
    func printSummary(of error: any Error) throws {
        let options = words.prefix { $0 != "--" }
        let command = words.first ?? ""
        guard Self.commandsWithSummary.contains(command), options.contains("--json") else { return }
        let outcome = Outcome(of: error, in: words)
        // Help was asked for, and is no refusal.
        guard outcome.status != .done else { return }
        let summary = FailureSummary(outcome)
        if command == "interpolate", writesToStandardOutput {
            DiagnosticOutput.standardError.printLine(RunJSON.line(summary))
        } else {
            try StandardOutput.print(RunJSON.object(summary))
        }
    }

    /// As far as it can be told without the parser: where frames might be expected, nothing else is printed.
    private var writesToStandardOutput: Bool {
        if ["-o=-", "--output=-"].contains(where: words.contains) { return true }
        return words.contains("-")
    }

    /// A hint where a word that was taken for an option is the name of a file.
    static func hint(_ words: [String]) -> String {
        let options = words.prefix { $0 != "--" }
        guard
            let file = options.first(where: {
                $0.hasPrefix("-") && $0 != "-" && FileManager.default.fileExists(atPath: $0)
            })
        else { return "" }
        return "; for the file of that name write ./\(file)"
    }
}
