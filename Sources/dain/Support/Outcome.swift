import ArgumentParser
import Console

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How the program ends: its exit status, and the text that goes to standard output or standard error.
struct Outcome {
    var status: ExitStatus
    var error: String?
    var output: String?

    static let done = Outcome(status: .done)

    /// Where every thrown error ends up.
    ///
    /// - Parameter words: The command line, where its parser may be at issue.
    init(of error: any Error, in words: [String] = []) {
        switch error {
        case let error as any UserFacingError:
            self.init(status: error.exitStatus, error: error.isSilent ? nil : error.userMessage)
        case is CancellationError:
            self.init(of: Interrupted())
        case let code as ExitCode:  // The command has said all there is to say.
            self.init(status: ExitStatus(rawValue: code.rawValue) ?? .failed)
        default:
            // The parser's own errors are private to it; it sorts them by its exit codes.
            switch Dain.exitCode(for: error) {
            case .success: self.init(status: .done, output: Dain.fullMessage(for: error))
            case .validationFailure:
                self.init(status: .badUsage, error: Dain.message(for: error) + RefusedCommandLine.hint(words))
            default: self.init(status: .failed, error: Dain.message(for: error))
            }
        }
    }

    /// Prints what is to be printed and ends the process.
    func endProcess() -> Never {
        if let output {
            do {
                try StandardOutput.print(output)
            } catch {
                Outcome(of: error).endProcess()
            }
        }
        if let error { DiagnosticOutput.standardError.printError(error) }
        exit(status.rawValue)
    }

    private init(status: ExitStatus, error: String? = nil, output: String? = nil) {
        self.status = status
        self.error = error
        self.output = output
    }
}
