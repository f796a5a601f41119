import Timing

/// Runs a whole clip: reads, makes new frames, writes, all three at the same time and in order.
///
/// Reading (with conversion to RGB) and writing (with conversion back) have a thread each; new frames are made on the
/// calling thread. Queues of a few pictures between them keep memory bounded for clips of any length.
public struct Pipeline<I: Interpolator, Converter: PictureConverter>: Sendable {
    public typealias Picture = Converter.Picture

    /// How far a run has come.
    public struct Progress: Sendable {
        /// Frames read from the source.
        public var sourceFrames = 0
        /// Frames handed to the sink.
        public var outputFrames = 0
        /// Of those, frames that the network made.
        public var newFrames = 0
    }

    private struct Source: Sendable {
        var frame: TimedPicture<Picture>
        var image: RGBImage
    }

    private enum Output: Sendable {
        case original(Picture)
        case new(RGBImage, first: Picture, second: Picture, t: Float)
    }

    private typealias Scheduled = (output: Output, time: Rational, duration: Rational)

    private let interpolator: I
    private let converter: Converter
    private let rate: Timeline.Rate
    private let tick: Rational

    /// - Parameter tick: The unit to which the source's times were rounded; see ``Timeline``.
    public init(interpolator: I, converter: Converter, rate: Timeline.Rate, tick: Rational = .zero) {
        self.interpolator = interpolator
        self.converter = converter
        self.rate = rate
        self.tick = tick
    }

    /// Runs to the end of the source and returns what was done.
    ///
    /// - Parameters:
    ///   - progress: Called after each frame that was made, on the calling thread.
    ///   - checkCancellation: Called before each frame; what it throws ends the run.
    /// - Throws: The first error of source, network, converter or sink. Both threads have ended by then.
    public func run(
        from source: some FrameSource<Picture>, to sink: some FrameSink<Picture>,
        progress: (Progress) -> Void = { _ in }, checkCancellation: () throws -> Void = {}
    ) throws -> Progress {
        let read = BoundedQueue<Source>(capacity: 2)
        let made = BoundedQueue<Scheduled>(capacity: 4)
        let reader = BackgroundTask("read") {
            defer { read.finish() }
            do {
                while let frame = try source.next() {
                    let image = try converter.image(of: frame.picture)
                    if !read.append(Source(frame: frame, image: image)) { return }
                }
            } catch {
                read.finish(throwing: error)
            }
        }
        let writer = BackgroundTask("write") {
            // Whatever ends the writing, nobody may wait for room in the queue afterwards.
            defer { made.finish() }
            while let (output, time, duration) = try made.next() {
                let picture =
                    switch output {
                    case .original(let picture): picture
                    case .new(let image, let first, let second, let t):
                        try converter.picture(showing: image, between: first, and: second, at: t)
                    }
                try sink.write(picture, at: time, duration: duration)
            }
        }
        var result = Progress()
        do {
            try makeFrames(from: read, into: made, &result, progress, checkCancellation)
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
        return result
    }

    private func makeFrames(
        from read: BoundedQueue<Source>, into made: BoundedQueue<Scheduled>, _ result: inout Progress,
        _ progress: (Progress) -> Void, _ checkCancellation: () throws -> Void
    ) throws {
        var timeline = Timeline(rate, tick: tick)
        guard var first = try read.next() else { return }
        var prepared: I.PreparedFrame?
        while true {
            let second = try read.next()
            result.sourceFrames += 1
            let frames = timeline.frames(from: first.frame.time, to: second?.frame.time)
            var pair: I.PreparedPair?
            var preparedSecond: I.PreparedFrame?
            for frame in frames {
                try checkCancellation()
                let output: Output
                if case .between(let fraction) = frame.content, let second {
                    // Prepared only where a new frame asks for it, and kept for the next pair.
                    let firstFrame = try prepared ?? interpolator.prepare(first.image)
                    let secondFrame = try preparedSecond ?? interpolator.prepare(second.image)
                    let known = try pair ?? interpolator.prepare(firstFrame, secondFrame)
                    (prepared, preparedSecond, pair) = (firstFrame, secondFrame, known)
                    let t = Float(fraction.doubleValue)
                    output = .new(
                        try interpolator.interpolate(known, at: t), first: first.frame.picture,
                        second: second.frame.picture, t: t)
                    result.newFrames += 1
                } else {
                    output = .original(first.frame.picture)
                }
                // The writer has stopped; its own error says why.
                guard made.append((output, frame.time, frame.duration)) else { return }
                result.outputFrames += 1
                progress(result)
            }
            guard let second else { return }
            (first, prepared) = (second, preparedSecond)
        }
    }
}
