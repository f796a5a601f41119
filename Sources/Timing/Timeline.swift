/// When the frames of the result are shown and what each is made of.
///
/// All arithmetic is exact. The timeline sees the source's frames one pair at a time, so that a clip may be of any length.
public struct Timeline: Sendable {
    /// The frame rate that is asked for.
    public enum Rate: Hashable, Sendable {
        /// N frames for each source frame, evenly spread until the next one; keeps a variable frame rate variable.
        case factor(Int)
        /// A constant rate in frames per second, up or down.
        case framesPerSecond(Rational)
    }

    /// A frame of the source: when it is shown and for how long, in seconds.
    public struct SourceFrame: Hashable, Sendable {
        public var time: Rational
        public var duration: Rational

        public init(time: Rational, duration: Rational) {
            self.time = time
            self.duration = duration
        }

        var end: Rational { time + duration }
    }

    /// What an output frame shows.
    public enum Content: Hashable, Sendable {
        /// The first of the two source frames, unchanged.
        case original
        /// A new frame at a fraction of the way to the second one, 0 < t < 1.
        case between(Rational)
    }

    /// A frame of the result, times in seconds.
    ///
    /// At a constant rate the last one may begin before the source's last frame; it is then stated to last a whole period,
    /// and whoever sees the end must cut it there.
    public struct OutputFrame: Hashable, Sendable {
        public var time: Rational
        public var duration: Rational
        public var content: Content
    }

    public let rate: Rate
    /// The unit in which the source's clock counts, in seconds; zero if its times are exact.
    private let tick: Rational
    private var origin: Rational?
    /// Output frames at a constant rate so far.
    private var emitted: Int64 = 0

    /// The factor must be at least 1 and the rate positive.
    ///
    /// - Parameter tick: The unit to which the source's times were rounded, such as the millisecond of Matroska. An output
    ///   frame at a constant rate that lies within it of a source frame shows that frame.
    public init(_ rate: Rate, tick: Rational = .zero) {
        switch rate {
        case .factor(let factor): precondition(factor >= 1, "a factor of at least 1")
        case .framesPerSecond(let rate): precondition(rate > .zero, "a positive frame rate")
        }
        self.rate = rate
        self.tick = tick
    }

    /// The output frames from `first` until `second` begins; until the end of `first` where there is no second.
    ///
    /// Call it once for each source frame, in order. Behind the last frame there is nothing to move towards: it is
    /// repeated, so that the result lasts as long as the source in every container. The frames are computed as they are
    /// visited: a gap of hours costs no memory.
    public mutating func frames(from first: SourceFrame, to second: SourceFrame?) -> LazyFrames {
        switch rate {
        case .factor(let factor): return Self.divide(from: first, to: second, by: factor)
        case .framesPerSecond(let rate):
            let origin = origin ?? first.time
            self.origin = origin
            let end = second?.time ?? first.end
            // A clock with few ticks to a frame counts frames, and its times are exact.
            let tolerance = tick * Rational(8) <= end - first.time ? tick : .zero
            // The number of instants before the end; none where source frames follow each other faster than the rate.
            let count = max(emitted, -((origin - (end - tolerance)) * rate).floor)
            defer { emitted = count }
            return Self.sample(
                emitted..<count, from: first, to: second, origin: origin, rate: rate, tolerance: tolerance)
        }
    }

    /// How many frames all calls of ``frames(from:to:)`` have given together, by the number of source frames, or the length
    /// of the source at a constant rate, alone: a check of what was counted one pair at a time.
    ///
    /// - Parameter last: The source's last frame.
    public func count(sourceFrames: Int, last: SourceFrame) -> Int {
        switch rate {
        case .factor(let factor): return sourceFrames * factor
        case .framesPerSecond(let rate):
            // As many as begin before the end; an instant within a tick of the end does not.
            let length = last.end - (origin ?? last.time)
            let margin = tick * Rational(8) <= last.duration ? tick : .zero
            return Int(-(((margin - length) * rate).floor))
        }
    }

    /// Frames in their order.
    public typealias LazyFrames = LazyMapSequence<Range<Int64>, OutputFrame>

    private static func divide(from first: SourceFrame, to second: SourceFrame?, by factor: Int) -> LazyFrames
    {
        let step = ((second?.time ?? first.end) - first.time) / Rational(Int64(factor))
        return (0..<Int64(factor)).lazy.map { index in
            OutputFrame(
                time: first.time + step * Rational(index), duration: step,
                content: index == 0 || second == nil ? .original : .between(Rational(index, Int64(factor))))
        }
    }

    private static func sample(
        _ indices: Range<Int64>, from first: SourceFrame, to second: SourceFrame?, origin: Rational,
        rate: Rational, tolerance: Rational
    ) -> LazyFrames {
        let end = second?.time ?? first.end
        return indices.lazy.map { index in
            let time = origin + Rational(index) / rate
            var content = Content.original
            if let second, time - first.time > tolerance {
                content = .between((time - first.time) / (second.time - first.time))
            }
            // Only the last output frame can be cut short, or last a tick longer: the end does not move.
            let isLast = second == nil && end - time <= rate.reciprocal + tolerance
            return OutputFrame(
                time: time, duration: isLast ? end - time : rate.reciprocal, content: content)
        }
    }
}
