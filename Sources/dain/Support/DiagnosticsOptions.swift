import ArgumentParser
import Console
import Logging

/// The options of every command that say how much goes to standard error.
struct DiagnosticsOptions: ParsableArguments {
    @Flag(name: .long, help: "Print neither progress nor notes, only warnings and errors.")
    var quiet = false

    @Flag(name: .long, help: "Print what the program does and finds on the way, too.")
    var verbose = false

    func validate() throws {
        if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other") }
    }

    /// `--verbose` shows everything, the default begins at `.notice`, `--quiet` at `.warning`.
    var logLevel: Logger.Level { verbose ? .debug : quiet ? .warning : .notice }

    /// A reporter of a long job that suits standard error and `--quiet`.
    func progress(unit: String, total: Int?) -> ProgressReporter {
        ProgressReporter(unit: unit, total: total, style: .standardError(quiet: quiet))
    }
}

/// A command with ``DiagnosticsOptions``: `main` sets up logging by them before the command runs. Adopt it by
/// `@OptionGroup var diagnostics: DiagnosticsOptions`.
protocol HasDiagnostics {
    var diagnostics: DiagnosticsOptions { get }
}
