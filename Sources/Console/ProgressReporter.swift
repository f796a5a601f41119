import Dispatch
import Synchronization

/// Shows how far a long job is: one bar that is redrawn in place on a terminal, a plain line every few
/// seconds elsewhere, or nothing. Safe to use from any thread.
///
/// Call ``finish()`` at the end of a job that succeeded; a reporter that is released before removes its bar
/// and says nothing.
public final class ProgressReporter: Sendable {
    public enum Style: Sendable {
        /// A bar, redrawn at most ten times a second, with the width of the terminal at that moment.
        case bar(columns: @Sendable () -> Int)
        /// Plain lines, at most one in five seconds.
        case lines
        case none

        /// What suits standard error: nothing when `quiet`, a bar on a terminal, lines elsewhere.
        public static func standardError(quiet: Bool) -> Style {
            let terminal = Terminal(descriptor: 2)
            if quiet { return .none }
            return terminal.canRedraw ? .bar(columns: { terminal.columns }) : .lines
        }

        var shortestInterval: Duration {
            switch self {
            case .bar: .milliseconds(100)
            case .lines, .none: .seconds(5)
            }
        }
    }

    private struct State {
        var done = 0
        /// Of those, what was done before the job began.
        var doneBefore = 0
        var total: Int?
        var meter: RateMeter
        var lastShown: Duration
        var isFinished = false
    }

    private let unit: String
    private let style: Style
    private let output: DiagnosticOutput
    private let now: @Sendable () -> Duration
    private let start: Duration
    private let state: Mutex<State>
    // Unsafe only in name: libdispatch's sources may be cancelled from any thread, but are not marked Sendable.
    private nonisolated(unsafe) let timer: (any DispatchSourceTimer)?

    /// - Parameters:
    ///   - unit: what is counted, in the plural, such as `new frames`.
    ///   - total: how many there will be, if that is known.
    ///   - now: the time since a fixed moment, on a clock that only moves forward.
    public init(
        unit: String, total: Int?, style: Style, output: DiagnosticOutput = .standardError,
        now: @escaping @Sendable () -> Duration = monotonicTime
    ) {
        self.unit = unit
        self.style = style
        self.output = output
        self.now = now
        start = now()
        state = Mutex(State(total: total, meter: RateMeter(at: start), lastShown: start))
        guard case .bar = style else {
            timer = nil
            return
        }
        // The time left goes on counting while a slow frame is computed.
        let timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
        self.timer = timer
        timer.setEventHandler { [weak self] in self?.show() }
        timer.schedule(deadline: .now() + 0.5, repeating: 0.5)
        timer.resume()
    }

    deinit {
        timer?.cancel()
        if !state.withLock({ $0.isFinished }), case .bar = style { output.setStatus(nil) }
    }

    /// Counts further items.
    public func advance(by count: Int = 1) {
        record { $0.done += count }
    }

    /// Sets the number of items that are done and, where it is known better by now, their total.
    public func update(done: Int, total: Int? = nil) {
        record {
            $0.done = done
            if let total { $0.total = total }
        }
    }

    /// Says that so many items were done before this job: they count, but not for its rate.
    public func begin(after count: Int) {
        let time = now()
        state.withLock { state in
            (state.done, state.doneBefore) = (count, count)
            state.meter = RateMeter(count: count, at: time)
        }
    }

    /// Says that all until now was slower than what will come, which the time left is to heed.
    public func endWarmUp() { state.withLock { $0.meter.endWarmUp() } }

    /// Removes the bar and prints the job's summary. Later calls do nothing.
    public func finish() {
        timer?.cancel()
        let elapsed = now() - start
        state.withLock { state in
            guard !state.isFinished else { return }
            state.isFinished = true
            if case .none = style { return }
            if case .bar = style { output.setStatus(nil) }
            let summary = ProgressSnapshot.summary(
                unit: unit, done: state.done - state.doneBefore, elapsed: elapsed)
            output.printLine("\(programName): \(summary)")
        }
    }

    private func record(_ change: (inout State) -> Void) {
        let time = now()
        state.withLock { state in
            change(&state)
            state.meter.record(count: state.done, at: time)
        }
        show()
    }

    /// Shows the present state, unless the last time was too short ago.
    private func show() {
        let time = now()
        state.withLock { state in
            guard !state.isFinished, time - state.lastShown >= style.shortestInterval else { return }
            state.lastShown = time
            let snapshot = Self.snapshot(of: state, unit: unit, at: time)
            switch style {
            case .bar(let columns): output.setStatus(snapshot.bar(columns: columns() - 1))
            case .lines: output.printLine("\(programName): \(snapshot.logLine)")
            case .none: break
            }
        }
    }

    private static func snapshot(of state: State, unit: String, at time: Duration) -> ProgressSnapshot {
        let perSecond = state.meter.perSecond
        var timeLeft: Duration?
        if let total = state.total, let perSecond {
            let afterLastItem = Double(max(total - state.done, 0)) / perSecond
            timeLeft = max(.seconds(afterLastItem) - (time - state.meter.lastTime), .zero)
        }
        return ProgressSnapshot(
            unit: unit, done: state.done, total: state.total, perSecond: perSecond, timeLeft: timeLeft)
    }
}

/// The time since a fixed moment, not affected by changes of the date.
@Sendable public func monotonicTime() -> Duration {
    .nanoseconds(Int64(DispatchTime.now().uptimeNanoseconds))
}
