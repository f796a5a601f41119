import Console
import Foundation
import Interpolation
import Logging
import Media
import Timing

/// The work of a ``ResumableJob`` in the folder that it has taken: the segments that are missing, and the whole.
struct ResumableRun {
    let job: ResumableJob
    let folder: RunFolder
    let fingerprint: Fingerprint
    let plan: TimePlan
    let sceneReport: ReportFile?
    private let log = Logger(label: "dain.interpolate")
    private var command: InterpolateCommand { job.command }

    init(
        job: ResumableJob, folder: RunFolder, fingerprint: Fingerprint, plan: TimePlan,
        sceneReport: ReportFile?
    ) {
        (self.job, self.folder, self.fingerprint) = (job, folder, fingerprint)
        (self.plan, self.sceneReport) = (plan, sceneReport)
    }

    func run(_ reader: VideoReader) throws {
        let opening = reader.openingNotes
        report(opening)
        guard let first = reader.firstFrame else { return }
        let writer = try SegmentWriter(
            like: job.output, of: reader, first: first, rate: plan.outputRate,
            isConstantRate: plan.isConstantRate, timeBase: plan.timeBase,
            settings: command.encoding.settings)
        var journal = try beginning(encoder: writer.signature)
        let announced = try rehearse(reader)
        report(announced)
        if !journal.isRendered || sceneReport != nil {
            journal = try render(reader, writer, journal)
            report(reader.notes.dropFirst(opening.count))
        }
        guard journal.frames > 0 else {
            throw BadUsage("\(command.inputs[0]): no frame lies in the part that was asked for")
        }
        try job.cancellation.check()
        try join(journal, announced: announced.count)
        log.notice(
            "wrote \(job.output): \(counted(journal.frames, "frame")), \(journal.newFrames) of them new")
    }

    /// Begins the result and gives it up: all that can be wrong with its container shows now, not when days have passed.
    /// Returns what there is to be said of it.
    private func rehearse(_ reader: VideoReader) throws -> [String] {
        let writer = try makeWriter(reader)
        writer.discard()
        return writer.notes
    }

    /// What is done already and can be kept, as a journal to go on with.
    private func beginning(encoder: String) throws -> RunJournal {
        let fresh = RunJournal(
            fingerprint: fingerprint, encoder: encoder, memoryLimit: try job.network.memoryLimit())
        if let damage = folder.damageOfJournal() { job.monitor.warn(damage) }
        guard var journal = folder.journal() else {
            folder.clean(keeping: nil)
            return fresh
        }
        var changes = fingerprint.changes(since: journal.fingerprint)
        if changes.isEmpty, journal.encoder != encoder { changes = "the encoder" }
        guard changes.isEmpty, journal.finishedBytes == nil else {
            folder.clean(keeping: journal)
            if !changes.isEmpty, !journal.segments.isEmpty {
                log.notice(
                    "starts anew, because this is not as it was: \(changes); what is done is kept until a segment is finished"
                )
            }
            return fresh
        }
        let damaged = journal.segments.firstIndex { !$0.video.isWhole(at: folder[$0.file]) }
        if let damaged {
            log.warning("\(folder[journal.segments[damaged].file]) is damaged, and is made again")
            journal.segments.removeSubrange(damaged...)
            journal.isRendered = false
            try folder.write(journal)
        }
        folder.clean(keeping: journal)
        if journal.isRendered {
            log.notice("all \(journal.frames) frames are there; they are put together")
        } else if journal.frames > 0 {
            log.notice(
                "goes on behind frame \(journal.frames) of the result; the input is read from its beginning up to there"
            )
        }
        return journal
    }

    /// Makes the segments that are missing.
    private func render(_ reader: VideoReader, _ writer: SegmentWriter, _ journal: RunJournal) throws
        -> RunJournal
    {
        let monitor = job.monitor
        var window = plan.window
        if let last = journal.segments.last {
            // Behind the last segment there is nothing to make, but a report may be wanted.
            window.start = last.next?.value ?? Rational(.max)
            window.limit = window.limit.map { $0 - journal.frames }
        }
        let boundaries = SegmentBoundaries()
        let converter = CountingConverter()
        let sink = SegmentSink(
            writer, folder, journal, boundaries, converter, start: plan.window.start ?? .zero,
            job.cancellation)
        let length = command.resuming.segmentFrames(width: reader.video.width, height: reader.video.height)
        let source = SegmentedSource(
            ReaderSource(reader: reader, stretch: plan.timing.stretch), every: length, boundaries)
        // Where less is free than when the run began, frames may be cut into other tiles from here on: better than to fail.
        let memory =
            command.network.maxMemory?.bytes ?? journal.memoryLimit.map { min($0, SystemMemory.available) }
        try monitor.setDevice(of: job.network)
        let network = try job.network.load(limit: memory)
        let progress = monitor.progress(total: plan.expectedFrames)
        progress.begin(after: journal.frames)
        func run(_ interpolator: some Interpolator) throws -> PipelineProgress {
            try Pipeline(
                interpolator: monitor.timed(interpolator), converter: monitor.timed(converter),
                rate: plan.rate,
                tick: plan.tick, scenes: command.scenes.settings, window: window
            ).run(
                from: monitor.timed(source, stretch: plan.timing.stretch), to: monitor.timed(sink),
                progress: { monitor.set($0.behind(journal), progress) },
                sceneEvents: { event in
                    monitor.add(event)
                    sceneReport?.add(event, stretch: plan.timing.stretch)
                },
                checkCancellation: { if !sink.isWithinSegment { try job.cancellation.check() } })
        }
        let done = try run(network)
        monitor.set(done.behind(journal))
        progress.finish()
        sceneReport?.setFrames(done.sourceFrames)
        try sceneReport?.write()
        try sink.finish()
        return sink.journal
    }

    /// Puts the segments together, under the output's name.
    private func join(_ journal: RunJournal, announced: Int) throws {
        let reader = try VideoReader(path: command.inputs[0], settings: command.input.settings)
        let writer = try makeWriter(reader)
        var isMarked = false
        do {
            for segment in journal.segments {
                try writer.append(
                    segment.video, in: folder[segment.file], until: segment.end.value, from: reader,
                    checkCancellation: job.cancellation.check)
            }
            let isPart = plan.window.end != nil || plan.window.limit != nil
            let end = journal.segments.last?.end.value ?? .zero
            try writer.finishOtherStreams(from: reader, before: isPart ? end : nil)
            let digest = try fingerprint.digestOfSettings()
            try writer.finishJoining { path in isMarked = FinishedMark.set(digest, on: path) }
        } catch {
            writer.discard()
            throw error
        }
        report(writer.notes.dropFirst(announced))
        if isMarked {
            folder.remove()
        } else {
            try folder.keepOnly(journal, bytes: FinishedMark.size(of: VideoWriter.target(of: job.output)))
        }
    }

    private func makeWriter(_ reader: VideoReader) throws -> VideoWriter {
        guard let first = reader.firstFrame else { throw MediaError.nothingDecodes(path: reader.path) }
        return try VideoWriter(
            path: job.output, copying: reader, first: first, rate: plan.outputRate,
            isConstantRate: plan.isConstantRate, timeBase: plan.timeBase, timing: plan.timing,
            settings: command.encoding.settings, overwrite: !command.noOverwrite,
            inputs: [command.inputs[0]], temporary: folder.joined)
    }

    private func report(_ notes: some Sequence<String>) {
        for note in notes { job.monitor.warn(note) }
    }
}

extension PipelineProgress {
    /// Counts what earlier runs have made, too.
    fileprivate func behind(_ journal: RunJournal) -> PipelineProgress {
        var sum = self
        sum.outputFrames += journal.frames
        sum.newFrames += journal.newFrames
        return sum
    }
}
