import Networks
import Tensors

/// The DAIN network on a backend, for frames of any size: they are padded for the network and cropped again.
public struct DAINInterpolator<B: Backend>: Interpolator {
    public struct PreparedFrame: Sendable {
        let features: DAIN<B>.Frame
        let width: Int
        let height: Int
    }

    public struct PreparedPair: Sendable {
        let features: DAIN<B>.Pair
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
        let padded = try backend.makeTensor(
            Shape(
                channels: 3, height: image.height + padding.top + padding.bottom,
                width: image.width + padding.left + padding.right))
        backend.padReplicating(original, left: padding.left, top: padding.top, into: padded)
        return PreparedFrame(features: try network.frame(padded), width: image.width, height: image.height)
    }

    public func prepare(_ first: PreparedFrame, _ second: PreparedFrame) throws -> PreparedPair {
        precondition(first.width == second.width && first.height == second.height, "frames of one size")
        return PreparedPair(
            features: try network.pair(first.features, second.features), width: first.width,
            height: first.height)
    }

    public func interpolate(_ pair: PreparedPair, at t: Float) throws -> RGBImage {
        let output = try network.interpolate(pair.features, at: t).output
        let padding = Padding(width: pair.width, height: pair.height, scheme: scheme)
        let cropped = try backend.makeTensor(Shape(channels: 3, height: pair.height, width: pair.width))
        backend.crop(output, left: padding.left, top: padding.top, into: cropped)
        return try RGBImage(width: pair.width, height: pair.height) { values in
            try backend.download(cropped, to: values)
            // A value that is not a number counts as black: encoders have no such colour.
            for index in values.indices { values[index] = values[index] > 0 ? min(values[index], 1) : 0 }
        }
    }
}
