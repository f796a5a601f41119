import Interpolation
import Media
import Scenes
import Timing

/// Every other frame of a clip, between the two that are kept.
struct HeldOutFrames {
    /// Two frames that are kept, and the one between them that is held out.
    struct Triplet {
        /// The held-out frame's; the clip's first frame is 0.
        var number: Int
        var first: ScenesOfClip.Frame
        var truth: ScenesOfClip.Frame
        var second: ScenesOfClip.Frame

        /// Whether another scene begins with the held-out frame or with the one after it: there is no motion between them then.
        var crossesCut: Bool { truth.isCut || second.isCut }

        /// Where the held-out frame lies, from 0 to 1.
        ///
        /// Times that are rounded to a fine tick, as Matroska's to milliseconds, stand for the exact middle.
        func moment(tick: Rational) -> Float {
            let (span, offset) = (second.time - first.time, truth.time - first.time)
            let fromMiddle = offset - span / Rational(2)
            let isFine = tick * Rational(16) <= span
            if isFine, fromMiddle <= tick, Rational.zero - fromMiddle <= tick { return 0.5 }
            return Float((offset / span).doubleValue)
        }
    }

    private var frames: ScenesOfClip
    private var first: ScenesOfClip.Frame?
    private var number = 1

    /// - Parameter cutThreshold: The least distance of a cut; nil takes all for one scene.
    init(of reader: VideoReader, cutThreshold: Float?) throws {
        frames = ScenesOfClip(reader, cutThreshold: cutThreshold)
        first = try frames.next()
    }

    mutating func next() throws -> Triplet? {
        guard let first, let truth = try frames.next(), let second = try frames.next() else { return nil }
        defer { (self.first, number) = (second, number + 2) }
        return Triplet(number: number, first: first, truth: truth, second: second)
    }
}

/// A clip's frames, and where its scenes begin.
///
/// Frames come out one behind what is read, because a cut is only known by the frame after it.
struct ScenesOfClip {
    struct Frame {
        var time: Rational
        var measured: MeasuredFrame
        /// Whether another scene begins with it.
        var isCut = false
    }

    private let reader: VideoReader
    private let converter = FrameConverter()
    private var classifier: SceneClassifier
    private var waiting: Frame?

    init(_ reader: VideoReader, cutThreshold: Float?) {
        self.reader = reader
        classifier = SceneClassifier(threshold: cutThreshold, tolerance: .invisible)
    }

    mutating func next() throws -> Frame? {
        while let read = try reader.nextFrame() {
            let frame = Frame(time: read.time, measured: try MeasuredFrame(read, converter))
            let image = frame.measured.image
            let relation = classifier.next(
                RGBPlanes(width: image.width, height: image.height, values: image.values, alpha: image.alpha))
            if let before = give(relation, next: frame) { return before }
        }
        return give(classifier.finish(), next: nil)
    }

    private mutating func give(_ relation: FrameRelation?, next: Frame?) -> Frame? {
        defer { waiting = next }
        if case .cut = relation { waiting?.isCut = true }
        return waiting
    }
}
