import Synchronization

/// Counts the bytes of a backend's tensors, filters and scratch memory.
final class MemoryMeter: Sendable {
    private let bytes = Mutex<(current: Int, peak: Int)>((0, 0))

    var peak: Int { bytes.withLock(\.peak) }

    func add(_ count: Int) {
        bytes.withLock {
            $0.current += count
            $0.peak = max($0.peak, $0.current)
        }
    }

    func remove(_ count: Int) { bytes.withLock { $0.current -= count } }
}
