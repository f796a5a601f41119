import Pixels
import Tensors

/// Something that makes new frames between two: a network on a machine.
///
/// The pipeline knows no more of it than this, so that other networks and other machines fit in. What depends on
/// one frame, or on one pair, is prepared once and kept by the caller for as long as it is needed.
public protocol Interpolator: Sendable {
    associatedtype PreparedFrame: Sendable
    associatedtype PreparedPair: Sendable

    /// Whether it works with pictures' samples where it is given them (`RGBImage.samples`).
    var takesSamples: Bool { get }

    /// All that can be computed from one frame.
    func prepare(_ image: RGBImage) throws -> PreparedFrame

    /// All that can be computed from two neighbours without knowing the time between them. Both have the same size.
    func prepare(_ first: PreparedFrame, _ second: PreparedFrame) throws -> PreparedPair

    /// The frame at a fraction `t` of the way from the first to the second, 0 < t < 1. Its values go no further
    /// outside of [0, 1] than those of the two frames do, and are finite.
    func interpolate(_ pair: PreparedPair, at t: Float) throws -> RGBImage

    /// Begins what `interpolate` does; the next frames can be prepared meanwhile.
    func begin(_ pair: PreparedPair, at t: Float) throws -> PendingImage

    /// As `begin`, for a frame as samples; nil where it can be had as RGB only.
    func begin(_ pair: PreparedPair, at t: Float, as format: SampleFormat) throws -> PendingSamples?
}

extension Interpolator {
    public var takesSamples: Bool { false }

    public func begin(_ pair: PreparedPair, at t: Float, as format: SampleFormat) throws -> PendingSamples? {
        nil
    }

    /// For what is done when `interpolate` returns.
    public func begin(_ pair: PreparedPair, at t: Float) throws -> PendingImage {
        let image = try interpolate(pair, at: t)
        return PendingImage { image }
    }
}

/// A new frame that may still be computed.
public struct PendingImage: Sendable {
    private let finish: @Sendable () throws -> RGBImage

    public init(_ finish: @escaping @Sendable () throws -> RGBImage) { self.finish = finish }

    /// Waits for the frame, from any thread, once.
    public func image() throws -> RGBImage { try finish() }
}

/// An interpolator that cuts frames into tiles where memory is limited.
public protocol TilingInterpolator: Interpolator {
    /// How frames of this size will be computed. Throws ``MemoryLimitError`` where nothing fits into the limit.
    func strategy(width: Int, height: Int) throws -> TilingStrategy

    /// The smallest limit of memory that frames of this size can be computed within, in bytes.
    func leastMemory(width: Int, height: Int) -> Int

    /// Waits until all work so far is done: what is prepared may still be computed when it is there.
    func finish()
}
