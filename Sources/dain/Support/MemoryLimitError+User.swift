import Interpolation

extension MemoryLimitError: UserFacingError {
    var userMessage: String {
        description + "; '--max-memory \(ByteCount.mebibytes(needed))M' is the least that will do"
    }

    /// It shows before any frame is made.
    var exitStatus: ExitStatus { .badUsage }
}
