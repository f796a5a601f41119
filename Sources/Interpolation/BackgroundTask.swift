import Foundation

/// Work on a thread of its own, whose end can be waited for.
///
/// Reading and writing block on files and queues, which tasks of a shared pool must not.
///
/// Sendable without checks: the condition's lock guards all state.
final class BackgroundTask: @unchecked Sendable {
    private let condition = NSCondition()
    private var result: Result<Void, any Error>?

    init(_ name: String, _ body: @escaping @Sendable () throws -> Void) {
        let thread = Thread { [self] in
            let result = Result { try body() }
            condition.withLock {
                self.result = result
                condition.broadcast()
            }
        }
        thread.name = "dain.\(name)"
        // Decoders and encoders call deep into C code; 8 MiB is what a main thread has.
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Waits for the end of the work and throws what it threw.
    func wait() throws {
        try condition.withLock {
            while true {
                if let result { return try result.get() }
                condition.wait()
            }
        }
    }
}
