import Timing

/// How far a run has come.
public struct PipelineProgress: Sendable {
    /// Frames of the source that were dealt with.
    public var sourceFrames = 0
    /// Frames handed to the sink.
    public var outputFrames = 0
    /// Of those, frames that the network made.
    public var newFrames = 0
    /// Of those, frames of the source that are shown once more, in place of new ones.
    public var heldFrames = 0
    /// How many frames the whole result has, by the source's length alone; nil until its end is known, and where only a part
    /// is made or repeats are dropped.
    public var promisedFrames: Int?

    public init() {}
}

/// Runs a whole clip: reads, makes new frames, writes, all three at the same time and in order.
///
/// Reading (with conversion to RGB) and writing (with conversion back) have a thread each; new frames are made on the
/// calling thread. Queues of a few pictures between them keep memory bounded for clips of any length.
public struct Pipeline<I: Interpolator, Converter: PictureConverter>: Sendable {
    public typealias Picture = Converter.Picture

    public typealias Progress = PipelineProgress

    private let interpolator: I
    private let converter: Converter
    private let rate: Timeline.Rate
    private let tick: Rational
    private let scenes: SceneSettings
    private let window: OutputWindow

    /// - Parameters:
    ///   - tick: The unit to which the source's times were rounded; see ``Timeline``.
    ///   - scenes: How cuts and repeated frames are treated.
    ///   - window: Which frames of the result are made; the others cost nothing but reading.
    public init(
        interpolator: I, converter: Converter, rate: Timeline.Rate, tick: Rational = .zero,
        scenes: SceneSettings = SceneSettings(), window: OutputWindow = .everything
    ) {
        self.interpolator = interpolator
        self.converter = converter
        self.rate = rate
        self.tick = tick
        self.scenes = scenes
        self.window = window
    }

    /// Runs to the end of the source and returns what was done.
    ///
    /// - Parameters:
    ///   - progress: Called after each frame that was made, on the calling thread.
    ///   - sceneEvents: Called for what is found in the source, in its order, on the calling thread.
    ///   - checkCancellation: Called before each frame; what it throws ends the run.
    /// - Throws: The first error of source, network, converter or sink. Both threads have ended by then.
    public func run(
        from source: some FrameSource<Picture>, to sink: some FrameSink<Picture>,
        progress: (Progress) -> Void = { _ in }, sceneEvents: (SceneEvent) -> Void = { _ in },
        checkCancellation: () throws -> Void = {}
    ) throws -> Progress {
        let read = BoundedQueue<SourceFrame<Picture>>(capacity: 1)
        let made = BoundedQueue<ScheduledFrame<Picture>>(capacity: 2)
        let reader = BackgroundTask("read") { [scenes, takesSamples = interpolator.takesSamples] in
            defer { read.finish() }
            do {
                var classifier = FrameClassifier<Picture>(scenes)
                while let frame = try source.next() {
                    var image = try converter.image(of: frame.picture)
                    if takesSamples { image.samples = try converter.samples(of: frame.picture) }
                    let decided = classifier.next(frame, image)
                    if let decided, !read.append(decided) { return }
                }
                if let last = classifier.finish() { _ = read.append(last) }
            } catch {
                read.finish(throwing: error)
            }
        }
        let writer = BackgroundTask("write") {
            // Whatever ends the writing, nobody may wait for room in the queue afterwards.
            defer { made.finish() }
            while let frame = try made.next() {
                let picture =
                    switch frame.content {
                    case .original(let picture): picture
                    case .new(.samples(let samples), let first, _, _):
                        try converter.picture(holding: samples.planes(), like: first)
                    case .new(.image(let image), let first, let second, let t):
                        try converter.picture(showing: image.image(), between: first, and: second, at: t)
                    }
                try sink.write(picture, at: frame.time, duration: frame.duration)
            }
        }
        var maker = FrameMaker<I, Picture>(
            interpolator: interpolator, timeline: Timeline(rate, tick: tick), duplicates: scenes.duplicates,
            window: window)
        do {
            try maker.run(
                read: read.next, write: made.append, progress: progress, sceneEvents: sceneEvents,
                checkCancellation: checkCancellation)
            made.finish()
        } catch {
            // The threads stop at the end of what they were given; this failure is what ended the run, whatever they add.
            made.finish()
            read.finish()
            _ = Result { try writer.wait() }
            _ = Result { try reader.wait() }
            throw error
        }
        read.finish()
        try writer.wait()
        try reader.wait()
        return maker.progress
    }
}
