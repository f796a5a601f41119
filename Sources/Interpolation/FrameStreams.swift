import Pixels
import Timing

/// A picture of the source with the time it is shown at.
public struct TimedPicture<Picture: Sendable>: Sendable {
    public var picture: Picture
    public var time: Timeline.SourceFrame

    public init(picture: Picture, time: Timeline.SourceFrame) {
        self.picture = picture
        self.time = time
    }
}

/// Where the pipeline's pictures come from, in the order they are shown. Used by one thread at a time.
public protocol FrameSource<Picture>: Sendable {
    associatedtype Picture: Sendable

    /// The next picture, with a later time than all before; nil at the end.
    func next() throws -> TimedPicture<Picture>?
}

/// Where the pipeline's pictures go, in the order they are shown. Used by one thread at a time.
public protocol FrameSink<Picture>: Sendable {
    associatedtype Picture: Sendable

    /// Takes a picture; times are in seconds.
    func write(_ picture: Picture, at time: Rational, duration: Rational) throws
}

/// Translates between the pictures of a video and those of a network.
///
/// Called from the threads that read and write; calls of one function do not overlap.
public protocol PictureConverter<Picture>: Sendable {
    associatedtype Picture: Sendable

    func image(of picture: Picture) throws -> RGBImage

    /// A picture that shows `image` in the format and colours of the two it lies between, `t` of the way.
    func picture(showing image: RGBImage, between first: Picture, and second: Picture, at t: Float) throws
        -> Picture

    /// A picture's samples as they are; nil where it has none that `SampleFormat` describes.
    func samples(of picture: Picture) throws -> SamplePlanes?

    /// A picture of samples that are like those of `model`, in its format and colours.
    func picture(holding samples: SamplePlanes, like model: Picture) throws -> Picture
}

/// Samples came for a picture that has none.
public struct UnexpectedSamples: Error {}

extension PictureConverter {
    /// For pictures without samples.
    public func samples(of picture: Picture) throws -> SamplePlanes? { nil }

    public func picture(holding samples: SamplePlanes, like model: Picture) throws -> Picture {
        throw UnexpectedSamples()
    }
}
