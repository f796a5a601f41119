/// Values on their way to the host.
public struct PendingValues: Sendable {
    private let finish: @Sendable (UnsafeMutableBufferPointer<Float>) throws -> Void

    /// - Parameter finish: Waits for the values and writes them.
    public init(_ finish: @escaping @Sendable (UnsafeMutableBufferPointer<Float>) throws -> Void) {
        self.finish = finish
    }

    /// Waits for the values and writes them, from any thread, once.
    public func write(to values: UnsafeMutableBufferPointer<Float>) throws { try finish(values) }
}
