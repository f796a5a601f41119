import CPUBackend
import Console
import Interpolation
import Logging
import Media
import Timing

/// Interpolates a video or a sequence of images.
struct VideoJob {
    let command: InterpolateCommand
    private typealias Progress = Pipeline<DAINInterpolator<CPUBackend>, FrameConverter>.Progress
    private let log = Logger(label: "dain.interpolate")

    init(command: InterpolateCommand) {
        self.command = command
    }

    func run(_ cancellation: Cancellation) throws {
        let input = command.inputs[0]
        let output = command.output ?? OutputName.beside(input, label: label)
        if command.resuming.resume {
            return try ResumableJob(command: command, output: output, cancellation).run()
        }
        try StandardStreams.check(input: input, output: output)
        let reader = try VideoReader(path: input, settings: command.input.settings)
        let opening = reader.openingNotes
        report(opening)
        let plan = TimePlan(command, reader.video)
        let sceneReport = try command.scenes.report.map {
            try ReportFile($0, SceneReport(input: input, command.scenes.settings), inputs: [input, output])
        }
        let done: Progress
        if ImageSequenceWriter.isSequence(output) {
            if command.encoding.format != nil {
                throw BadUsage("--format is for videos; the ending of '\(output)' chooses the images' format")
            }
            let writer = try ImageSequenceWriter(
                path: output, input: input, settings: command.encoding.settings,
                overwrite: !command.noOverwrite)
            if command.scenes.settings.duplicates == .drop {
                report(["\(output): images have no times, so what '--duplicates drop' leaves out is lost"])
            }
            done = try runPipeline(reader, to: ImageSink(writer: writer), plan, sceneReport, cancellation)
            report(reader.notes.dropFirst(opening.count) + writer.notes)
        } else {
            guard let first = reader.firstFrame else { return }
            let writer = try VideoWriter(
                path: output, copying: reader, first: first, rate: plan.outputRate,
                isConstantRate: plan.isConstantRate, timeBase: plan.timeBase, timing: plan.timing,
                settings: command.encoding.settings, overwrite: !command.noOverwrite, inputs: [input])
            report(writer.notes)
            if !plan.timing.copiesOthers {
                log.notice("a segment holds video only; 'dain join --from \(input)' adds the other streams")
            }
            let announced = writer.notes.count
            do {
                let sink = VideoSink(writer: writer, start: plan.window.start ?? .zero)
                done = try runPipeline(reader, to: sink, plan, sceneReport, cancellation)
                if plan.timing.copiesOthers, plan.window.end != nil || plan.window.limit != nil {
                    try reader.passRemainingPackets(before: plan.timing.input(sink.end))
                }
                try writer.finish()
            } catch {
                writer.discard()
                throw error
            }
            report(reader.notes.dropFirst(opening.count) + writer.notes.dropFirst(announced))
        }
        try sceneReport?.write()
        log.notice(
            "wrote \(StandardStreams.name(output)): \(done.outputFrames) frames, \(done.newFrames) of them new"
        )
    }

    /// A part that holds no frame is a mistake of the command line, found late.
    private func checkCount(_ done: Progress) throws {
        guard done.outputFrames == 0 else { return }
        throw BadUsage("\(command.inputs[0]): no frame lies in the part that was asked for")
    }

    private func runPipeline(
        _ reader: VideoReader, to sink: some FrameSink<VideoFrame>, _ plan: TimePlan,
        _ sceneReport: ReportFile?, _ cancellation: Cancellation
    ) throws -> Progress {
        let pipeline = Pipeline(
            interpolator: try command.loadInterpolator(), converter: FrameConverter(), rate: plan.rate,
            tick: plan.tick, scenes: command.scenes.settings, window: plan.window)
        let progress = command.diagnostics.progress(unit: "frames", total: plan.expectedFrames)
        let done = try pipeline.run(
            from: ReaderSource(reader: reader, stretch: plan.timing.stretch), to: sink,
            progress: { progress.update(done: $0.outputFrames) },
            sceneEvents: { sceneReport?.add($0, stretch: plan.timing.stretch) },
            checkCancellation: cancellation.check)
        try checkCount(done)
        sceneReport?.setFrames(done.sourceFrames)
        progress.finish()
        return done
    }

    private func report(_ notes: some Sequence<String>) {
        for note in notes { log.warning("\(note)") }
    }

    private var label: String {
        let range = command.time.range.map { "\($0.lowerBound)-\($0.upperBound)" }
        let speed = command.time.slowdown.map { "\($0)x-slower" }
        let rate = command.fps.map { "\($0.text)fps" }
        let factor = speed == nil && rate == nil ? "\(command.factor ?? 2)x" : nil
        return [speed, rate, factor, range].compactMap(\.self).joined(separator: "-")
    }
}
