import Foundation
import Interpolation
import Media
import Timing

/// Finds out what a run would do. Reads the input's beginning and writes nothing.
struct Planner {
    let command: InterpolateCommand
    let network: NetworkLoader
    /// Whether the output's folder is there, or none is needed; a batch makes it.
    let folderExists: Bool

    func plan() throws -> RunPlan {
        if command.inputs.contains(StandardStream.path) {
            throw BadUsage(
                "--dry-run cannot look into standard input: what it reads would be lost to the run")
        }
        return command.inputs.count == 2 ? try planPair() : try planVideo()
    }

    private func planVideo() throws -> RunPlan {
        let input = command.inputs[0]
        let output = command.output ?? OutputName.ofResult(of: input, label: command.resultLabel)
        let reader = try VideoReader(path: input, settings: command.input.settings)
        try VideoJob.checkThatItMoves(reader)
        guard let first = reader.firstFrame else { throw MediaError.nothingDecodes(path: input) }
        let (video, time) = (reader.video, TimePlan(command, reader.video))
        if let report = command.scenes.report {
            _ = try ReportFile(
                report, SceneReport(input: input, command.scenes.settings), inputs: [input, output])
        }
        let media = try mediaPlan(reader, first, output, time)
        let nominal = video.frameRate ?? VideoReader.imageRate
        let stretch = time.timing.stretch
        let forecast = video.frameCount.map {
            FrameForecast(
                count: $0, frameDuration: nominal.reciprocal * stretch,
                start: (video.start ?? .zero) * stretch, time)
        }
        if let forecast, forecast.output == 0 {
            throw BadUsage("\(input): no frame lies in the part that was asked for")
        }
        var durations = RunSummary.Durations()
        durations.input = (forecast?.input ?? video.frameCount).map {
            (Double($0) / nominal.doubleValue).rounded(toPlaces: 3)
        }
        durations.output = forecast.map {
            (Double($0.output) / time.outputRate.doubleValue).rounded(toPlaces: 3)
        }
        return try plan(
            output, media, width: video.width, height: video.height, pixelFormat: video.pixelFormatName,
            rates: (video.frameRate.map(\.description), time.outputRate.description),
            frames: RunPlan.Frames(
                input: forecast?.input ?? video.frameCount, output: forecast?.output, newAtMost: forecast?.new
            ),
            pairs: forecast?.pairs, durations: durations, warnings: reader.openingNotes)
    }

    private func mediaPlan(_ reader: VideoReader, _ first: VideoFrame, _ output: String, _ time: TimePlan)
        throws -> OutputPlan
    {
        let (settings, overwrite) = (command.encoding.settings, !command.noOverwrite)
        if ImageSequenceWriter.isSequence(output) {
            if command.encoding.format != nil { throw VideoJob.formatOfImages(output) }
            return try ImageSequenceWriter.plan(
                path: output, input: command.inputs[0], copying: reader, timing: time.timing,
                settings: settings, overwrite: overwrite, folderExists: folderExists)
        }
        return try VideoWriter.plan(
            path: output, copying: reader, first: first, rate: time.outputRate,
            isConstantRate: time.isConstantRate, timeBase: time.timeBase, timing: time.timing,
            settings: settings, overwrite: overwrite, inputs: command.inputs, folderExists: folderExists)
    }

    private func planPair() throws -> RunPlan {
        let job = ImagePairJob(
            command: command,
            monitor: RunMonitor(inputs: command.inputs, command.scripts, command.diagnostics, file: nil),
            network: network)
        let (output, writer) = try job.open()
        let (first, _) = try job.pictures()
        let media = try writer.plan(output, showing: first)
        return try plan(
            output, media, width: first.width, height: first.height, pixelFormat: first.pixelFormatName,
            rates: (nil, nil), frames: RunPlan.Frames(input: 2, output: 1, newAtMost: 1), pairs: 1,
            durations: RunSummary.Durations(), warnings: [])
    }

    private func plan(
        _ output: String, _ media: OutputPlan, width: Int, height: Int, pixelFormat: String,
        rates: (input: String?, output: String?), frames: RunPlan.Frames, pairs: Int?,
        durations: RunSummary.Durations, warnings: [String]
    ) throws -> RunPlan {
        let (device, limit, interpolator) = try (network.device(), network.memoryLimit(), network.load())
        let least = interpolator.leastMemory(width: width, height: height)
        // The probe's own size would state less.
        if let limit, least > limit { throw MemoryLimitError(limit: limit, needed: least) }
        // The probe comes first: its strategy is for its own size.
        let probe = try SpeedProbe(interpolator, on: device, width: width, height: height)
        let strategy = try interpolator.strategy(width: width, height: height)
        let tile = strategy.plan.tiles[0]
        var total: Double?
        if let new = frames.newAtMost, let pairs {
            total = probe.seconds(newFrames: new, pairs: pairs, strategy).rounded(toPlaces: 1)
        }
        return RunPlan(
            inputs: command.inputs, output: output,
            video: RunPlan.Video(
                width: width, height: height, pixelFormat: pixelFormat, inputRate: rates.input,
                outputRate: rates.output),
            frames: frames, durations: durations,
            encoder: RunPlan.Encoder(
                container: media.container, name: media.encoder, codec: media.codec,
                pixelFormat: media.pixelFormat), streams: media.streams.map(RunPlan.Stream.init),
            device: RunPlan.Device(
                name: device.name, model: device.model, precision: device.precision.rawValue),
            memory: RunPlan.Memory(
                bytes: strategy.bytes, limitBytes: limit, leastBytes: least,
                tiles: strategy.plan.tiles.count, tileWidth: tile.columns.count,
                tileHeight: tile.rows.count),
            estimate: RunPlan.Estimate(
                seconds: total,
                secondsPerNewFrame: probe.seconds(newFrames: 1, pairs: 1, strategy).rounded(toPlaces: 3),
                probe: "\(probe.width)x\(probe.height)"), warnings: network.warnings + warnings + media.notes)
    }
}
