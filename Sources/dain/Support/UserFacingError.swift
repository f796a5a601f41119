/// An error that knows how it should reach the user: as one line on standard error, and as an exit status.
///
/// The typed errors of other modules adopt it through extensions in this folder. An error that does not adopt
/// it is printed by its description and ends the program with status 1. It reaches the user as it is when a
/// command's `run()` throws it; what `validate()` throws must be the parser's own `ValidationError`, since the
/// parser hides all others.
protocol UserFacingError: Error {
    /// What happened and to what, in one sentence without a full stop; the remedy too, if there is one.
    var userMessage: String { get }
    var exitStatus: ExitStatus { get }
    /// Whether the status alone says it: whoever reads a pipe may go away, as `head` does, and that is no news to anybody.
    var isSilent: Bool { get }
}

extension UserFacingError {
    var isSilent: Bool { false }
}

extension UserFacingError where Self: CustomStringConvertible {
    var userMessage: String { description }
}

/// The command line or an input is wrong, in a way that only shows once the command runs.
struct BadUsage: UserFacingError {
    var userMessage: String
    var exitStatus: ExitStatus { .badUsage }

    init(_ message: String) { userMessage = message }
}

/// The work was begun and could not be done.
struct Failure: UserFacingError {
    var userMessage: String
    var exitStatus: ExitStatus { .failed }

    init(_ message: String) { userMessage = message }
}

/// The user asked to stop.
struct Interrupted: UserFacingError {
    var userMessage: String { "interrupted" }
    var exitStatus: ExitStatus { .interrupted }
}
