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
