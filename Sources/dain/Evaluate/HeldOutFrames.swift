import Interpolation
import Media
import Timing

/// Every other frame of a clip, between the two that are kept.
struct HeldOutFrames {
    typealias Frame = SourceFrame<MeasuredFrame>

    /// Two frames that are kept, and the one between them that is held out.
    struct Triplet {
        /// The held-out frame's; the clip's first frame is 0.
        var number: Int
        var first: Frame
        var truth: Frame
        var second: Frame

        /// Whether another scene begins with the held-out frame or with the one after it: there is no motion between them then.
        var crossesCut: Bool {
            [truth, second].contains { if case .cut = $0.relation { true } else { false } }
        }

        /// Where the held-out frame lies, from 0 to 1.
        ///
        /// Times that are rounded to a fine tick, as Matroska's to milliseconds, stand for the exact middle.
        func moment(tick: Rational) -> Float {
            let start = first.time.time
            let (span, offset) = (second.time.time - start, truth.time.time - start)
            let fromMiddle = offset - span / Rational(2)
            let isFine = tick * Rational(16) <= span
            if isFine, fromMiddle <= tick, Rational.zero - fromMiddle <= tick { return 0.5 }
            return Float((offset / span).doubleValue)
        }
    }

    private let source: ReaderSource
    private let converter = FrameConverter()
    private var classifier: FrameClassifier<MeasuredFrame>
    private var first: Frame?
    private var number = 1

    /// - Parameter cutThreshold: The least distance of a cut; nil takes all for one scene.
    init(of reader: VideoReader, cutThreshold: Float?) throws {
        source = ReaderSource(reader: reader, stretch: Rational(1))
        classifier = FrameClassifier(SceneSettings(cutThreshold: cutThreshold))
        first = try nextFrame()
    }

    mutating func next() throws -> Triplet? {
        guard let first, let truth = try nextFrame(), let second = try nextFrame() else { return nil }
        defer { (self.first, number) = (second, number + 2) }
        return Triplet(number: number, first: first, truth: truth, second: second)
    }

    private mutating func nextFrame() throws -> Frame? {
        while let read = try source.next() {
            let measured = try MeasuredFrame(read.picture, converter)
            let frame = TimedPicture(picture: measured, time: read.time)
            if let decided = classifier.next(frame, measured.image) { return decided }
        }
        return classifier.finish()
    }
}
