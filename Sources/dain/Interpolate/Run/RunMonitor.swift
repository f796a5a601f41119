import Console
import Interpolation
import Logging
import Synchronization
import Timing

/// What is watched while one input is worked on: progress goes out, facts are kept for the summary.
///
/// The job tells it the facts as they come; it belongs to one input.
final class RunMonitor: Sendable {
    /// Where lines of JSON go besides standard error; shared by all inputs of a batch.
    private let file: ProgressFile?
    private let options: RunOptions
    private let diagnostics: DiagnosticsOptions
    private let item: (index: Int, count: Int)
    let clock = StageClock()
    private let start = monotonicTime()
    private let facts: Mutex<RunSummary>
    private let (read, written) = (SpanMeter(), SpanMeter())
    /// How many times as long as in the input everything lasts.
    private let stretch = Mutex(Rational(1))

    init(
        inputs: [String], _ options: RunOptions, _ diagnostics: DiagnosticsOptions, file: ProgressFile?,
        item: (index: Int, count: Int) = (1, 1)
    ) {
        (self.options, self.diagnostics, self.file, self.item) = (options, diagnostics, file, item)
        facts = Mutex(RunSummary(inputs: inputs))
    }

    // MARK: What the job tells

    /// The result's name.
    func setOutput(_ output: String) { facts.withLock { $0.output = output } }

    /// Where the network runs, and what was said of that.
    func setDevice(of network: NetworkLoader) throws {
        let device = try network.device()
        facts.withLock { facts in
            (facts.device, facts.precision) = (device.name, device.precision.rawValue)
            facts.warnings += network.warnings.filter { !facts.warnings.contains($0) }
        }
    }

    /// A note that the user is shown.
    func warn(_ note: String) {
        Logger(label: "dain.interpolate").warning("\(note)")
        facts.withLock { $0.warnings.append(note) }
    }

    func add(_ event: SceneEvent) {
        facts.withLock { facts in
            switch event {
            case .cut: facts.frames.cuts += 1
            case .duplicates(_, let count, _, _): facts.frames.duplicates += count - 1
            }
        }
    }

    /// How far the work is by now; `progress` shows it.
    func set(_ done: PipelineProgress, _ progress: RunProgress? = nil) {
        setFrames(
            input: done.sourceFrames, output: done.outputFrames, new: done.newFrames, held: done.heldFrames)
        progress?.update(done)
    }

    func setFrames(input: Int, output: Int, new: Int, held: Int = 0) {
        facts.withLock { facts in
            (facts.frames.input, facts.frames.output) = (input, output)
            (facts.frames.new, facts.frames.held) = (new, held)
        }
    }

    // MARK: The parts of the work, with their times kept

    func timed<I: Interpolator>(_ interpolator: I) -> TimedInterpolator<I> {
        TimedInterpolator(interpolator: interpolator, clock: clock)
    }

    func timed<C: PictureConverter>(_ converter: C) -> TimedConverter<C> {
        TimedConverter(converter: converter, clock: clock)
    }

    /// - Parameter stretch: How many times as long as in the input the source's frames are shown.
    func timed<S: FrameSource>(_ source: S, stretch: Rational) -> TimedSource<S> {
        self.stretch.withLock { $0 = stretch }
        return TimedSource(source: source, clock: clock, span: read)
    }

    func timed<S: FrameSink>(_ sink: S) -> TimedSink<S> {
        TimedSink(sink: sink, clock: clock, span: written)
    }

    /// Shows the progress of so many frames of the result from now on.
    func progress(total: Int?) -> RunProgress {
        var writers: [@Sendable (String) -> Void] = []
        if options.progress == .json { writers.append { DiagnosticOutput.standardError.printLine($0) } }
        if let file { writers.append { file.write($0) } }
        let (inputs, output) = facts.withLock { ($0.inputs, $0.output) }
        return RunProgress(
            reporter: ProgressReporter(unit: "frames", total: total, style: style), writers: writers,
            template: ProgressLine(
                input: inputs.joined(separator: " "), output: output ?? "", item: item.index,
                items: item.count, frame: 0, total: total, newFrames: 0, secondsElapsed: 0,
                stages: StageClock.Seconds()), clock: clock)
    }

    private var style: ProgressReporter.Style {
        switch options.progress {
        case .json, .some(.none): .none
        case .bar: .standardError(quiet: false)
        case nil: .standardError(quiet: diagnostics.quiet)
        }
    }

    // MARK: What came of it

    /// The summary of work that ended, with an error or without.
    func summary(_ outcome: Outcome = .done) -> RunSummary {
        var summary = facts.withLock { $0 }
        summary.exitCode = outcome.status.rawValue
        summary.error = outcome.error
        summary.status =
            switch outcome.status {
            case .done: .done
            case .interrupted: .interrupted
            case .failed, .badUsage: .failed
            }
        let seconds = (monotonicTime() - start).inSeconds
        summary.seconds = seconds.rounded(toPlaces: 3)
        if summary.frames.new > 0, seconds > 0 {
            summary.rate = (Double(summary.frames.new) / seconds).rounded(toPlaces: 4)
        }
        let stretch = stretch.withLock { $0 }
        summary.durations.input = read.length.map { ($0 / stretch).doubleValue.rounded(toPlaces: 6) }
        summary.durations.output = written.length.map { $0.doubleValue.rounded(toPlaces: 6) }
        summary.stages = clock.seconds
        summary.peakMemoryBytes = PeakMemory.bytes
        return summary
    }
}
