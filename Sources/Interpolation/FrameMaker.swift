import Timing

/// A frame of the result on its way to the sink.
struct ScheduledFrame<Picture: Sendable>: Sendable {
    enum Content: Sendable {
        case original(Picture)
        case new(RGBImage, first: Picture, second: Picture, t: Float)
    }

    var content: Content
    var time: Rational
    var duration: Rational
    /// The drawing that an original shows; nil for new frames, which repeat nothing.
    var drawing: Int?
}

/// Makes the frames of the result from those of the source, one stretch after another.
struct FrameMaker<I: Interpolator, Picture: Sendable> {
    typealias Scheduled = ScheduledFrame<Picture>

    private(set) var progress = PipelineProgress()
    private var prepared: PreparedFrames<I>
    private var timeline: Timeline
    private let duplicates: SceneSettings.Duplicates
    private let window: OutputWindow
    /// With `drop`, the last frame: it is written when it is known how long it lasts.
    private var pending: Scheduled?

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
        var stretches = StretchReader<Picture>(duplicates)
        var log = SceneLog()
        defer { log.finish(sceneEvents) }
        while let stretch = try stretches.next({
            let frame = try read()
            if let frame { log.add(frame.time, frame.relation, sceneEvents) }
            return frame
        }) {
            self.progress.sourceFrames += stretch.frameCount
            try checkCancellation()
            for (from, to) in stretch.steps {
                for frame in timeline.frames(from: from, to: to) {
                    if let start = window.start, frame.time < start { continue }
                    let content = stretch.content(frame, from: from, to: to)
                    let isWanted = try add(frame, content, stretch, write, progress, checkCancellation)
                    if !isWanted {
                        finish(write, progress)
                        return
                    }
                }
            }
            prepared.keep(stretch.second?.drawing)
        }
        finish(write, progress)
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
        } else if let last = pending, last.drawing == original.drawing {
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
        }
        guard duplicates == .drop else { return hand(scheduled, write, report) }
        let isWanted = pending.map { hand($0, write, report) } ?? true
        pending = scheduled
        return isWanted
    }

    private mutating func hand(
        _ frame: Scheduled, _ write: (Scheduled) -> Bool, _ report: (PipelineProgress) -> Void
    ) -> Bool {
        // The writer has stopped; its own error says why.
        guard write(frame) else { return false }
        progress.outputFrames += 1
        if case .new = frame.content { progress.newFrames += 1 }
        report(progress)
        // The frame that fills the limit is the last one: nothing more needs to be read.
        return progress.outputFrames != window.limit
    }

    private mutating func finish(_ write: (Scheduled) -> Bool, _ report: (PipelineProgress) -> Void) {
        guard let last = pending else { return }
        pending = nil
        _ = hand(last, write, report)
    }
}
