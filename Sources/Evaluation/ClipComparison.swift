/// What was measured on a clip of which every other frame was held out, made anew, and compared.
///
/// Figures are kept of every frame, pictures only of the worst and the best: memory hardly grows with the clip's length.
public struct ClipComparison: Sendable {
    /// The figures of one frame that was held out.
    public struct Frame: Sendable, Equatable, Encodable {
        /// Its number in the clip; the first frame is 0.
        public var frame: Int
        /// When it is shown, in seconds.
        public var time: Double
        public var interpolated: Score
        /// Of the plain average of its neighbours.
        public var average: Score

        public init(frame: Int, time: Double, interpolated: Score, average: Score) {
            (self.frame, self.time) = (frame, time)
            (self.interpolated, self.average) = (interpolated, average)
        }
    }

    /// A frame that is shown, with what was made of it.
    public struct Exhibit: Sendable {
        public var figures: Frame
        public var truth: RGB8Image
        public var interpolated: RGB8Image
        public var average: RGB8Image
    }

    /// A stretch of the clip's time.
    public struct Interval: Sendable {
        /// The times of its first and last frame that were held out, in seconds.
        public var times: ClosedRange<Double>
        public var interpolated: Score
        public var average: Score
    }

    /// In the order they are shown.
    public private(set) var frames: [Frame] = []
    /// Numbers of the held-out frames at a cut, of which nothing was made.
    public private(set) var cuts: [Int] = []
    /// Those with the lowest and the highest PSNR of the interpolated frame, the earlier of equals; nil before the first.
    public private(set) var worst: Exhibit?
    public private(set) var best: Exhibit?

    public init() {}

    /// Measures the next frame. All pictures must have one size.
    public mutating func add(
        frame: Int, time: Double, truth: RGB8Image, interpolated: RGB8Image, average: RGB8Image
    ) {
        let figures = Frame(
            frame: frame, time: time, interpolated: Score(of: interpolated, against: truth),
            average: Score(of: average, against: truth))
        frames.append(figures)
        let exhibit = Exhibit(figures: figures, truth: truth, interpolated: interpolated, average: average)
        let psnr = figures.interpolated.psnr
        if worst.map({ psnr < $0.figures.interpolated.psnr }) ?? true { worst = exhibit }
        if best.map({ psnr > $0.figures.interpolated.psnr }) ?? true { best = exhibit }
    }

    /// Leaves out a frame that is held out at a cut.
    public mutating func addCut(_ frame: Int) { cuts.append(frame) }

    /// The means over all frames; nil for none. See ``Score/mean(of:)``.
    public var mean: (interpolated: Score, average: Score)? { Self.mean(frames[...]) }

    /// The means over at most `count` stretches of about equally many frames.
    public func intervals(_ count: Int) -> [Interval] {
        let number = min(count, frames.count)
        return (0..<number).compactMap { part in
            let slice = frames[part * frames.count / number..<(part + 1) * frames.count / number]
            guard let first = slice.first, let last = slice.last, let mean = Self.mean(slice) else {
                return nil
            }
            return Interval(
                times: first.time...max(first.time, last.time), interpolated: mean.interpolated,
                average: mean.average)
        }
    }

    private static func mean(_ frames: ArraySlice<Frame>) -> (interpolated: Score, average: Score)? {
        guard let interpolated = Score.mean(of: frames.map(\.interpolated)),
            let average = Score.mean(of: frames.map(\.average))
        else { return nil }
        return (interpolated, average)
    }
}
