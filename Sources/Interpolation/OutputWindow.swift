import Timing

/// Which frames of the whole result are made.
public struct OutputWindow: Hashable, Sendable {
    /// The least time of a frame, in seconds; nil for the beginning.
    public var start: Rational?
    /// The time that frames lie before, in seconds; nil for the end.
    public var end: Rational?
    /// The most frames.
    public var limit: Int?
    /// Source frames, counted from zero: those of the result are made that are shown from one of them until the next.
    public var sourceFrames: Range<Int>?

    /// All frames.
    public static let everything = OutputWindow()

    public init(
        start: Rational? = nil, end: Rational? = nil, limit: Int? = nil, sourceFrames: Range<Int>? = nil
    ) {
        (self.start, self.end, self.limit, self.sourceFrames) = (start, end, limit, sourceFrames)
    }

    /// What is left of a frame's duration at the window's end.
    func clipped(_ duration: Rational, from time: Rational) -> Rational {
        end.map { min(duration, $0 - time) } ?? duration
    }
}
