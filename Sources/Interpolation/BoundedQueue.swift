import Foundation

/// A first-in, first-out queue of limited length between two threads.
///
/// A full queue makes its writer wait and an empty one its reader: whatever the speeds, memory stays bounded.
/// (`AsyncStream` would drop elements or grow without bound.)
///
/// Sendable without checks: the condition's lock guards all state.
final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private let capacity: Int
    private var elements: [Element] = []
    private var isFinished = false
    private var failure: (any Error)?

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Waits for room and appends. Returns false when the queue is finished, so that a writer whose reader has gone can stop.
    func append(_ element: Element) -> Bool {
        condition.withLock {
            while elements.count >= capacity, !isFinished { condition.wait() }
            if isFinished { return false }
            elements.append(element)
            condition.broadcast()
            return true
        }
    }

    /// Waits for an element. Returns nil when the queue is finished and empty; throws what the writer failed with.
    func next() throws -> Element? {
        try condition.withLock {
            while elements.isEmpty, !isFinished { condition.wait() }
            if !elements.isEmpty {
                let element = elements.removeFirst()
                condition.broadcast()
                return element
            }
            if let failure { throw failure }
            return nil
        }
    }

    /// Says that no element follows: from the writer at its end or on its failure, from the reader when it stops reading.
    func finish(throwing error: (any Error)? = nil) {
        condition.withLock {
            if !isFinished { failure = error }
            isFinished = true
            condition.broadcast()
        }
    }
}
