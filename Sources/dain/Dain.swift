import ArgumentParser
import Console
import Logging

/// The root command: parses, runs the subcommand, and turns whatever it throws into one line and a status.
@main
struct Dain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: programName,
        abstract: "Makes new video frames between the ones that are there (DAIN, CVPR 2019).",
        version: dainVersion,
        subcommands: [
            InterpolateCommand.self, JoinCommand.self, EvaluateCommand.self, BenchCommand.self,
            ModelsCommand.self,
            DoctorCommand.self,
        ])

    static func main() async {
        Signals.ignoreBrokenPipes()
        let outcome: Outcome
        let words = NegativeValues.joined(Array(CommandLine.arguments.dropFirst()))
        do {
            var command = try await parse(words)
            try prepare(for: command)
            do {
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
            } catch {
                try (command as? any PrintsReport)?.printFailure(error)
                throw error
            }
            outcome = .done
        } catch {
            outcome = Outcome(of: error, in: words)
        }
        outcome.endProcess()
    }

    /// The command that the words mean, with the defaults of a configuration. What is refused here is said in JSON, too,
    /// where the words ask for that.
    private static func parse(_ words: [String]) async throws -> any ParsableCommand {
        do {
            try HelpRequest.check(words)
            return try await ConfiguredCommandLine(words).parsed()
        } catch {
            try RefusedCommandLine(words).printSummary(of: error)
            throw error
        }
    }

    private static func prepare(for command: any ParsableCommand) throws {
        let level = (command as? any HasDiagnostics)?.diagnostics.logLevel ?? .notice
        LoggingSystem.bootstrap { _ in DiagnosticLogHandler(level: level) }
        if command is any RunsKernels, !ProcessorCheck.isSupported { throw ProcessorCheck.TooOld() }
    }
}
