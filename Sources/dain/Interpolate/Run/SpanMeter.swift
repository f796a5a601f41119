import Synchronization
import Timing

/// From when to when frames are shown that pass by, in seconds.
final class SpanMeter: Sendable {
    private let span = Mutex<(start: Rational, end: Rational)?>(nil)

    func add(_ time: Rational, _ duration: Rational) {
        span.withLock { span in
            let end = time + duration
            span = (min(span?.start ?? time, time), max(span?.end ?? end, end))
        }
    }

    /// nil before the first frame.
    var length: Rational? { span.withLock { $0.map { $0.end - $0.start } } }
}
