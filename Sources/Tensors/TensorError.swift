/// What can go wrong with tensors whose sizes come from files and flags.
///
/// Mismatches inside a network are programming errors and are asserted instead.
public enum TensorError: Error, Equatable {
    /// A tensor did not have the shape that an operation needs.
    case shapeMismatch(operation: String, expected: String, got: String)

    /// The system has no memory for a tensor.
    case outOfMemory(bytes: Int)
}

extension TensorError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .shapeMismatch(let operation, let expected, let got):
            "\(operation): expected \(expected), got \(got)"
        case .outOfMemory(let bytes):
            "out of memory: \(bytes / 1_048_576) MiB could not be allocated"
        }
    }
}
