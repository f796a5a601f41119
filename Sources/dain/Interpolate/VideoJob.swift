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
        try StandardStreams.check(input: input, output: output)
        let reader = try VideoReader(path: input, settings: command.input.settings)
        let opening = reader.openingNotes
        report(opening)
        let done: Progress
        if ImageSequenceWriter.isSequence(output) {
            if command.encoding.format != nil {
                throw BadUsage("--format is for videos; the ending of '\(output)' chooses the images' format")
            }
            let writer = try ImageSequenceWriter(
                path: output, input: input, settings: command.encoding.settings,
                overwrite: !command.noOverwrite)
            done = try runPipeline(reader, to: ImageSink(writer: writer), cancellation)
            report(reader.notes.dropFirst(opening.count) + writer.notes)
        } else {
            guard let first = reader.firstFrame else { return }
            let writer = try VideoWriter(
                path: output, copying: reader, first: first, rate: outputRate(of: reader),
                isConstantRate: command.fps != nil || reader.video.isConstantRate,
                timeBase: timeBase(of: reader), settings: command.encoding.settings,
                overwrite: !command.noOverwrite, inputs: [input])
            report(writer.notes)
            let announced = writer.notes.count
            do {
                done = try runPipeline(reader, to: VideoSink(writer: writer), cancellation)
                try writer.finish()
            } catch {
                writer.discard()
                throw error
            }
            report(reader.notes.dropFirst(opening.count) + writer.notes.dropFirst(announced))
        }
        log.notice(
            "wrote \(StandardStreams.name(output)): \(done.outputFrames) frames, \(done.newFrames) of them new"
        )
    }

    private func runPipeline(
        _ reader: VideoReader, to sink: some FrameSink<VideoFrame>, _ cancellation: Cancellation
    ) throws -> Progress {
        let pipeline = Pipeline(
            interpolator: try command.loadInterpolator(), converter: FrameConverter(), rate: rate,
            tick: reader.video.timeBase(dividedFor: .factor(1)))
        let progress = command.diagnostics.progress(unit: "frames", total: expectedFrames(of: reader))
        let done = try pipeline.run(
            from: ReaderSource(reader: reader), to: sink,
            progress: { progress.update(done: $0.outputFrames) },
            checkCancellation: cancellation.check)
        progress.finish()
        return done
    }

    private func report(_ notes: some Sequence<String>) {
        for note in notes { log.warning("\(note)") }
    }

    private var factor: Int { command.factor ?? 2 }
    private var rate: Timeline.Rate { command.fps.map { .framesPerSecond($0.rate) } ?? .factor(factor) }
    private var label: String { command.fps.map { "\($0.text)fps" } ?? "\(factor)x" }

    private func outputRate(of reader: VideoReader) -> Rational {
        if let fps = command.fps { return fps.rate }
        return (reader.video.frameRate ?? VideoReader.imageRate) * Rational(Int64(factor))
    }

    private func timeBase(of reader: VideoReader) -> Rational {
        reader.video.timeBase(dividedFor: rate)
    }

    private func expectedFrames(of reader: VideoReader) -> Int? {
        // Files may state any number: it is only for the display, and must not overflow.
        guard let count = reader.video.frameCount.map({ min($0, 1 << 40) }) else { return nil }
        guard let fps = command.fps else { return count * factor }
        guard let inputRate = reader.video.frameRate else { return nil }
        return Int((Rational(Int64(count)) / inputRate * fps.rate).rounded)
    }
}
