import Networks
import Tensors

/// The DAIN network on a backend, for frames of any size: they are padded for the network and cropped again.
///
/// Transparency, which the network does not see, is warped by the flows and kernels that move the colours.
public struct DAINInterpolator<B: Backend>: Interpolator {
    public struct PreparedFrame: Sendable {
        let features: DAIN<B>.Frame
        let alpha: AlphaWarp<B>.Plane?
        /// [0, 1], and further where the frame's values are.
        let range: ClosedRange<Float>
        let width: Int
        let height: Int
    }

    public struct PreparedPair: Sendable {
        let features: DAIN<B>.Pair
        let alpha: AlphaWarp<B>?
        let range: ClosedRange<Float>
        let width: Int
        let height: Int
    }

    private let network: DAIN<B>
    private let scheme: Padding.Scheme
    private var backend: B { network.backend }

    public init(network: DAIN<B>, padding scheme: Padding.Scheme = .nextMultiple) {
        self.network = network
        self.scheme = scheme
    }

    public func prepare(_ image: RGBImage) throws -> PreparedFrame {
        let padding = Padding(width: image.width, height: image.height, scheme: scheme)
        let original = try backend.makeTensor(Shape(channels: 3, height: image.height, width: image.width))
        try image.values.withUnsafeBufferPointer { try backend.upload($0, to: original) }
        let padded = try backend.makeTensor(padding.padded(original.shape))
        backend.padReplicating(original, left: padding.left, top: padding.top, into: padded)
        return PreparedFrame(
            features: try network.frame(padded),
            alpha: try image.alpha.map { try AlphaWarp.plane($0, of: image, padding, backend) },
            range: Self.range(of: image.values), width: image.width, height: image.height)
    }

    public func prepare(_ first: PreparedFrame, _ second: PreparedFrame) throws -> PreparedPair {
        precondition(first.width == second.width && first.height == second.height, "frames of one size")
        let lower = min(first.range.lowerBound, second.range.lowerBound)
        return PreparedPair(
            features: try network.pair(first.features, second.features),
            alpha: AlphaWarp(first.alpha, second.alpha),
            range: lower...max(first.range.upperBound, second.range.upperBound), width: first.width,
            height: first.height)
    }

    public func interpolate(_ pair: PreparedPair, at t: Float) throws -> RGBImage {
        let result = try network.interpolate(pair.features, at: t)
        let padding = Padding(width: pair.width, height: pair.height, scheme: scheme)
        let cropped = try backend.makeTensor(Shape(channels: 3, height: pair.height, width: pair.width))
        backend.crop(result.output, left: padding.left, top: padding.top, into: cropped)
        let (lower, upper) = (pair.range.lowerBound, pair.range.upperBound)
        var image = try RGBImage(width: pair.width, height: pair.height) { values in
            try backend.download(cropped, to: values)
            for index in values.indices {
                let value = values[index]
                // A value that is not a number counts as black: encoders have no such colour.
                values[index] = value.isNaN ? 0 : min(max(value, lower), upper)
            }
        }
        image.alpha = try pair.alpha?.plane(
            between: pair.features, result, at: t, width: pair.width, height: pair.height, padding, backend)
        return image
    }

    private static func range(of values: [Float]) -> ClosedRange<Float> {
        var (lower, upper): (Float, Float) = (0, 1)
        for value in values where value.isFinite { (lower, upper) = (min(lower, value), max(upper, value)) }
        return lower...upper
    }
}

extension Padding {
    /// The shape of a padded feature map.
    func padded(_ shape: Shape) -> Shape {
        Shape(
            channels: shape.channels, height: top + shape.height + bottom, width: left + shape.width + right)
    }
}
