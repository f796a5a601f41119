import Timing

/// A frame of the result on its way to the sink.
struct ScheduledFrame<Picture: Sendable>: Sendable {
    enum Content: Sendable {
        case original(Picture)
        case new(PendingPicture, first: Picture, second: Picture, t: Float)
    }

    var content: Content
    var time: Rational
    var duration: Rational
    /// The drawing that an original shows; nil for new frames, which repeat nothing.
    var drawing: Int?
    /// Whether the original was shown before.
    var isHeld = false
}

/// Makes the frames of the result from those of the source, one stretch after another.
struct FrameMaker<I: Interpolator, Picture: Sendable> {
    typealias Scheduled = ScheduledFrame<Picture>

    private(set) var progress = PipelineProgress()
    private var prepared: PreparedFrames<I>
    private var timeline: Timeline
    private let duplicates: SceneSettings.Duplicates
    private let window: OutputWindow
    /// The last frame: it is handed on when it is known how long it lasts, which the next one tells, or the source's end.
    private var pending: Scheduled?
    /// When the original that was shown last is shown in the source.
    private var lastOriginal: Rational?
    /// Whether the frame that was made last shows the second frame of its stretch, or something of it.
    private var usesSecond = false

    init(interpolator: I, timeline: Timeline, duplicates: SceneSettings.Duplicates, window: OutputWindow) {
        prepared = PreparedFrames(interpolator)
        (self.timeline, self.duplicates, self.window) = (timeline, duplicates, window)
    }

    /// Goes on until the source, the window or the demand ends.
    mutating func run(
        read: () throws -> SourceFrame<Picture>?, write: (Scheduled) -> Bool,
        progress: (PipelineProgress) -> Void, sceneEvents: (SceneEvent) -> Void,
        checkCancellation: () throws -> Void
    ) throws {
        do {
            try makeAll(read, write, progress, sceneEvents, checkCancellation)
        } catch {
            // What was made before a failure is not lost.
            finish(write) { _ in }
            throw error
        }
        finish(write, progress)
    }

    private mutating func makeAll(
        _ read: () throws -> SourceFrame<Picture>?, _ write: (Scheduled) -> Bool,
        _ report: (PipelineProgress) -> Void, _ sceneEvents: (SceneEvent) -> Void,
        _ checkCancellation: () throws -> Void
    ) throws {
        var stretches = StretchReader<Picture>(duplicates)
        var log = SceneLog()
        // One step a source frame, unless repeats are dropped.
        var sourceIndex = 0
        defer { log.finish(sceneEvents) }
        while let stretch = try stretches.next({
            let frame = try read()
            if let frame { log.add(frame.time, frame.relation, sceneEvents) }
            return frame
        }) {
            progress.sourceFrames += stretch.frameCount
            usesSecond = false
            try checkCancellation()
            for (from, to) in stretch.steps {
                defer { sourceIndex += 1 }
                let frames = timeline.frames(from: from, to: to)
                if let wanted = window.sourceFrames, !wanted.contains(sourceIndex) {
                    if sourceIndex >= wanted.upperBound { return }
                    continue
                }
                for frame in FramesAtHand(frames, in: window, of: stretch, from, to, duplicates) {
                    let content = stretch.content(frame, from: from, to: to)
                    guard try add(frame, content, stretch, write, report, checkCancellation) else {
                        if usesSecond { progress.sourceFrames += 1 }
                        return
                    }
                }
            }
            if stretch.second == nil {
                endPending(with: stretch.first.time)
                if window == .everything, duplicates != .drop {
                    progress.promisedFrames = timeline.count(
                        sourceFrames: progress.sourceFrames, last: stretch.first.time)
                }
            }
            prepared.keep(stretch.second?.drawing)
        }
    }

    /// Lets the last frame end where the source does: at a low rate it may begin before the source's last one.
    private mutating func endPending(with last: Timeline.SourceFrame) {
        let end = last.time + last.duration
        guard var frame = pending, frame.time < end else { return }
        frame.duration = window.clipped(end - frame.time, from: frame.time)
        pending = frame
    }

    /// Makes a frame and hands it on; false when no more are wanted.
    private mutating func add(
        _ frame: Timeline.OutputFrame, _ content: Stretch<Picture>.Content, _ stretch: Stretch<Picture>,
        _ write: (Scheduled) -> Bool, _ report: (PipelineProgress) -> Void,
        _ checkCancellation: () throws -> Void
    ) throws -> Bool {
        if let end = window.end, frame.time >= end { return false }
        let duration = window.clipped(frame.duration, from: frame.time)
        let original = content == .second ? stretch.second ?? stretch.first : stretch.first
        if case .between = content {
        } else if duplicates == .drop, let last = pending, last.drawing == original.drawing {
            pending?.duration = frame.time + duration - last.time
            return true
        }
        if let limit = window.limit, progress.outputFrames + (pending == nil ? 0 : 1) >= limit {
            return false
        }
        try checkCancellation()
        var scheduled = Scheduled(
            content: .original(original.picture), time: frame.time, duration: duration,
            drawing: original.drawing)
        if case .between(let fraction) = content, let second = stretch.second {
            let t = Float(fraction.doubleValue)
            scheduled.content = .new(
                try prepared.interpolate(stretch.first, second, at: t), first: stretch.first.picture,
                second: second.picture, t: t)
            scheduled.drawing = nil
        } else {
            scheduled.isHeld = lastOriginal == original.time.time
            lastOriginal = original.time.time
        }
        usesSecond = content != .first && stretch.second != nil
        var isWanted = true
        if let last = pending { isWanted = hand(last, write, report) }
        pending = scheduled
        // The frame that fills the limit needs no next one, unless that might repeat it.
        let isFull = duplicates != .drop && progress.outputFrames + 1 == window.limit
        return isWanted && !isFull
    }

    private mutating func hand(
        _ frame: Scheduled, _ write: (Scheduled) -> Bool, _ report: (PipelineProgress) -> Void
    ) -> Bool {
        // The writer has stopped; its own error says why.
        guard write(frame) else { return false }
        progress.outputFrames += 1
        if case .new = frame.content { progress.newFrames += 1 }
        if frame.isHeld { progress.heldFrames += 1 }
        report(progress)
        return true
    }

    private mutating func finish(_ write: (Scheduled) -> Bool, _ report: (PipelineProgress) -> Void) {
        guard let last = pending else { return }
        pending = nil
        _ = hand(last, write, report)
    }
}
