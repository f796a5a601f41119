import Pixels
import Scenes
import Timing

/// A frame of the source as the network's side of the pipeline gets it.
public struct SourceFrame<Picture: Sendable>: Sendable {
    public var picture: Picture
    public var time: Timeline.SourceFrame
    /// What the network sees; that of the run's first frame for repeats, which saves memory and work.
    var image: RGBImage
    /// What new pictures like this one are as samples; nil where it has none, or nobody asked.
    var format: SampleFormat?
    /// The number of the run of repeats that the frame belongs to.
    var drawing: Int
    /// What it is to the frame before; nil for the first.
    public var relation: FrameRelation?
}

/// Gives the source's frames what they are to one another, as they are read.
///
/// Frames come out one behind, because a cut is only known by the frame after it.
public struct FrameClassifier<Picture: Sendable> {
    private var classifier: SceneClassifier
    private var waiting: SourceFrame<Picture>?
    /// The last frame that was given out.
    private var last: SourceFrame<Picture>?

    public init(_ settings: SceneSettings) {
        classifier = SceneClassifier(threshold: settings.cutThreshold, tolerance: settings.tolerance)
    }

    /// Takes a frame and gives out the one before it.
    public mutating func next(_ frame: TimedPicture<Picture>, _ image: RGBImage) -> SourceFrame<Picture>? {
        let relation = classifier.next(
            RGBPlanes(
                width: image.width, height: image.height, values: image.values, alpha: image.alpha))
        let decided = give(relation)
        waiting = SourceFrame(
            picture: frame.picture, time: frame.time, image: image, format: image.samples?.format, drawing: 0)
        return decided
    }

    /// The last frame.
    public mutating func finish() -> SourceFrame<Picture>? {
        give(classifier.finish())
    }

    private mutating func give(_ relation: FrameRelation?) -> SourceFrame<Picture>? {
        guard var frame = waiting else { return nil }
        waiting = nil
        frame.relation = relation
        if let last {
            frame.drawing = last.drawing
            if relation == .repeated { frame.image = last.image } else { frame.drawing += 1 }
        }
        last = frame
        return frame
    }
}
