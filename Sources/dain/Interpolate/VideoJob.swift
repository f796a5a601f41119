import Console
import Interpolation
import Logging
import Media
import Timing

/// Interpolates a video or a sequence of images.
struct VideoJob {
    let command: InterpolateCommand
    /// Told what happens.
    let monitor: RunMonitor
    let network: NetworkLoader
    private typealias Progress = PipelineProgress
    private let log = Logger(label: "dain.interpolate")

    init(command: InterpolateCommand, monitor: RunMonitor, network: NetworkLoader) {
        (self.command, self.monitor, self.network) = (command, monitor, network)
    }

    func run(_ cancellation: Cancellation) throws {
        let input = command.inputs[0]
        let output = command.output ?? OutputName.ofResult(of: input, label: command.resultLabel)
        monitor.setOutput(output)
        if command.resuming.resume {
            return try ResumableJob(
                command: command, output: output, monitor: monitor, network: network, cancellation
            ).run()
        }
        try StandardStreams.check(input: input, output: output)
        let reader = try VideoReader(path: input, settings: command.input.settings)
        try Self.checkThatItMoves(reader)
        let opening = reader.openingNotes
        report(opening)
        let plan = TimePlan(command, reader.video)
        let sceneReport = try command.scenes.report.map {
            try ReportFile($0, SceneReport(input: input, command.scenes.settings), inputs: [input, output])
        }
        let done: Progress
        if ImageSequenceWriter.isSequence(output) {
            if command.encoding.format != nil { throw Self.formatOfImages(output) }
            let writer = try ImageSequenceWriter(
                path: output, input: input, settings: command.encoding.settings,
                overwrite: !command.noOverwrite)
            if let loss = reader.lossInImages(plan.timing) { report(["\(output): \(loss)"]) }
            if command.scenes.settings.duplicates == .drop {
                report(["\(output): images have no times, so what '--duplicates drop' leaves out is lost"])
            }
            let sink = ImageSink(writer: writer)
            done = try runPipeline(loadNetwork(), reader, to: sink, plan, sceneReport, cancellation)
            try writer.finish(expecting: done.promisedFrames ?? done.outputFrames)
            report(reader.notes.dropFirst(opening.count) + writer.notes)
        } else {
            guard let first = reader.firstFrame else { return }
            // Nothing is written where the network cannot run: who reads a pipe would take its beginning for a video.
            let interpolator = try loadNetwork()
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
                done = try runPipeline(interpolator, reader, to: sink, plan, sceneReport, cancellation)
                if plan.timing.copiesOthers, plan.window.end != nil || plan.window.limit != nil {
                    try reader.passRemainingPackets(before: plan.timing.input(sink.end))
                }
                try writer.finish(expecting: done.promisedFrames ?? done.outputFrames)
            } catch {
                writer.discard()
                throw error
            }
            report(reader.notes.dropFirst(opening.count) + writer.notes.dropFirst(announced))
        }
        try sceneReport?.write()
        log.notice(
            "wrote \(StandardStreams.name(output)): \(counted(done.outputFrames, "frame")), \(done.newFrames) of them new"
        )
    }

    /// Refuses one image, which nothing lies between.
    static func checkThatItMoves(_ reader: VideoReader) throws {
        guard reader.isSingleImage else { return }
        throw BadUsage(
            "\(reader.path): is one image, and new frames lie between two; give two images, a folder, or a pattern such as 'frames/%05d.png'"
        )
    }

    static func formatOfImages(_ output: String) -> BadUsage {
        BadUsage("--format is for videos; the ending of '\(output)' chooses the images' format")
    }

    /// A part that holds no frame is a mistake of the command line, found late.
    private func checkCount(_ done: Progress) throws {
        guard done.outputFrames == 0 else { return }
        throw BadUsage("\(command.inputs[0]): no frame lies in the part that was asked for")
    }

    private func loadNetwork() throws -> any TilingInterpolator {
        try monitor.setDevice(of: network)
        return try network.load()
    }

    private func runPipeline(
        _ interpolator: some Interpolator, _ reader: VideoReader, to sink: some FrameSink<VideoFrame>,
        _ plan: TimePlan,
        _ sceneReport: ReportFile?, _ cancellation: Cancellation
    ) throws -> Progress {
        let pipeline = Pipeline(
            interpolator: monitor.timed(interpolator), converter: monitor.timed(FrameConverter()),
            rate: plan.rate, tick: plan.tick, scenes: command.scenes.settings, window: plan.window)
        let progress = monitor.progress(total: plan.expectedFrames)
        let stretch = plan.timing.stretch
        let done = try pipeline.run(
            from: monitor.timed(ReaderSource(reader: reader, stretch: stretch), stretch: stretch),
            to: monitor.timed(sink), progress: { monitor.set($0, progress) },
            sceneEvents: { event in
                monitor.add(event)
                sceneReport?.add(event, stretch: stretch)
            }, checkCancellation: cancellation.check)
        monitor.set(done)
        try checkCount(done)
        sceneReport?.setFrames(done.sourceFrames)
        progress.finish()
        return done
    }

    private func report(_ notes: some Sequence<String>) {
        for note in notes { monitor.warn(note) }
    }
}
