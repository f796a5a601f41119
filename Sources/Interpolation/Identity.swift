import Synchronization

/// Numbers that are given once.
enum Identity {
    private static let last = Atomic(0)

    static func next() -> Int { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
