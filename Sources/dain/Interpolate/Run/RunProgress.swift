import Console
import Interpolation
import Synchronization

/// Shows how far one input is, in every way that was asked for: a bar or lines for people, JSON for programs.
///
/// Called from one thread at a time.
final class RunProgress: Sendable {
    private struct State {
        var done = PipelineProgress()
        var total: Int?
        var all: RateMeter
        var new: RateMeter
        var lastLine: Duration?
    }

    /// Programs that watch need no more lines than this.
    private static let shortestInterval = Duration.milliseconds(500)

    private let reporter: ProgressReporter
    private let writers: [@Sendable (String) -> Void]
    private let template: ProgressLine
    private let clock: StageClock
    private let start: Duration
    private let state: Mutex<State>

    /// - Parameters:
    ///   - template: A line whose names hold for all.
    ///   - writers: What takes lines of JSON; none where none were asked for.
    init(
        reporter: ProgressReporter, writers: [@Sendable (String) -> Void], template: ProgressLine,
        clock: StageClock
    ) {
        (self.reporter, self.writers, self.template, self.clock) = (reporter, writers, template, clock)
        start = monotonicTime()
        state = Mutex(
            State(total: template.total, all: RateMeter(at: start), new: RateMeter(at: start)))
        write(isLast: false)
    }

    /// Says that so many frames were made before: they count, but not for the rate.
    func begin(after count: Int) {
        reporter.begin(after: count)
        let now = monotonicTime()
        state.withLock { state in
            state.done.outputFrames = count
            state.all = RateMeter(count: count, at: now)
        }
    }

    func update(_ progress: PipelineProgress) {
        let now = monotonicTime()
        reporter.update(done: progress.outputFrames)
        // Before the first new frame the network is loaded, and on a GPU it is found out how to compute.
        let endsWarmUp = state.withLock { state in
            let isFirst = state.done.newFrames == 0 && progress.newFrames > 0
            state.done = progress
            state.all.record(count: progress.outputFrames, at: now)
            state.new.record(count: progress.newFrames, at: now)
            if isFirst {
                state.all.endWarmUp()
                state.new.endWarmUp()
            }
            return isFirst
        }
        if endsWarmUp { reporter.endWarmUp() }
        write(isLast: false)
    }

    /// Ends with 100 %.
    func finish() {
        write(isLast: true)
        reporter.finish()
    }

    private func write(isLast: Bool) {
        guard !writers.isEmpty else { return }
        let now = monotonicTime()
        let line: String? = state.withLock { state in
            if let last = state.lastLine, now - last < Self.shortestInterval, !isLast { return nil }
            state.lastLine = now
            return Self.line(template, state, elapsed: now - start, stages: clock.seconds, isLast: isLast)
                .json
        }
        if let line { for write in writers { write(line) } }
    }

    private static func line(
        _ template: ProgressLine, _ state: State, elapsed: Duration, stages: StageClock.Seconds, isLast: Bool
    ) -> ProgressLine {
        var line = template
        line.frame = state.done.outputFrames
        line.newFrames = state.done.newFrames
        // The total that a file states may turn out to be wrong.
        line.total = isLast ? line.frame : state.total.map { max($0, line.frame) }
        if let total = line.total {
            line.percent = total == 0 ? 100 : (Double(line.frame) / Double(total) * 100).rounded(toPlaces: 1)
            if let rate = state.all.perSecond {
                line.secondsLeft = (Double(total - line.frame) / rate).rounded(toPlaces: 1)
            }
            if isLast { line.secondsLeft = 0 }
        }
        line.rate = state.new.perSecond.map { $0.rounded(toPlaces: 4) }
        line.secondsElapsed = elapsed.inSeconds.rounded(toPlaces: 3)
        line.stages = stages
        return line
    }
}
