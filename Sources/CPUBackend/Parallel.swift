import Dispatch
import Synchronization

/// Runs `body` for every index below `count`, on at most `threads` threads; returns when all are done.
///
/// Items are handed out one by one, so uneven items balance. Operations cut their work by the shape alone,
/// never by the number of threads: results are the same for any number.
func parallelFor(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
    parallelFor(count, threads: threads) { index, _ in body(index) }
}

/// Runs `body` for every index below `count` as above; its second argument is the number of the worker, below `threads`,
/// which owns what the worker needs for itself.
func parallelFor(_ count: Int, threads: Int, _ body: @Sendable (_ index: Int, _ worker: Int) -> Void) {
    let workers = min(count, threads)
    if workers <= 1 {
        for index in 0..<count { body(index, 0) }
        return
    }
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
        while true {
            let index = next.add(1, ordering: .relaxed).oldValue
            if index >= count { return }
            body(index, worker)
        }
    }
}

/// Cuts `count` rows into parts of at least `minimum` rows and at most `parts` parts, for `parallelFor`.
struct RowParts {
    let rows: Int
    let rowsPerPart: Int

    init(_ rows: Int, minimum: Int = 4, parts: Int = 64) {
        self.rows = rows
        rowsPerPart = max(minimum, (rows + parts - 1) / parts, 1)
    }

    var count: Int { (rows + rowsPerPart - 1) / rowsPerPart }

    subscript(part: Int) -> Range<Int> {
        part * rowsPerPart..<min(rows, (part + 1) * rowsPerPart)
    }
}
