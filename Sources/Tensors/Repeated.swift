/// What repeated work made.
public struct Repeated<Output: Sendable>: Sendable {
    public let output: Output
    /// Held as long as the output is used; nil where nothing will write to it again.
    public let lease: Lease?

    public init(output: Output, lease: Lease?) { (self.output, self.lease) = (output, lease) }
}

/// The right to use what would otherwise be written again.
public final class Lease: Sendable {
    private let end: @Sendable () -> Void

    public init(end: @escaping @Sendable () -> Void) { self.end = end }

    deinit { end() }
}
