import Networks
import Tensors

/// The transparency of two frames, moved to the time between them as the network moves their colours.
struct AlphaWarp<B: Backend>: Sendable {
    /// A frame's transparency for the network's size, and a plane of ones beside it.
    struct Plane: Sendable {
        let tensor: B.Tensor
    }

    private let first: Plane
    private let second: Plane

    /// nil where neither frame has one, or only one of them.
    init?(_ first: Plane?, _ second: Plane?) {
        guard let first, let second else { return nil }
        (self.first, self.second) = (first, second)
    }

    static func plane(_ alpha: [Float], of image: RGBImage, _ padding: Padding, _ backend: B) throws -> Plane
    {
        precondition(alpha.count == image.width * image.height, "one plane of the image's size")
        let values = alpha + [Float](repeating: 1, count: alpha.count)
        let original = try backend.makeTensor(Shape(channels: 2, height: image.height, width: image.width))
        try values.withUnsafeBufferPointer { try backend.upload($0, to: original) }
        let padded = try backend.makeTensor(padding.padded(original.shape))
        backend.padReplicating(original, left: padding.left, top: padding.top, into: padded)
        return Plane(tensor: padded)
    }

    /// The new frame's transparency, `[H, W]`.
    ///
    /// The sums of a pixel's kernel weights are near 1 and not equal to it, which would let opaque pictures shine through.
    /// What becomes of ones by the same way is that sum, and is divided by.
    func plane(
        between pair: DAIN<B>.Pair, _ result: DAIN<B>.Result, at t: Float, width: Int, height: Int,
        _ padding: Padding, _ backend: B
    ) throws -> [Float] {
        let shape = first.tensor.shape
        let (warped0, warped1) = (try backend.makeTensor(shape), try backend.makeTensor(shape))
        try backend.warpAdaptively(first.tensor, by: result.flow0, taps: pair.kernel0, into: warped0)
        try backend.warpAdaptively(second.tensor, by: result.flow1, taps: pair.kernel1, into: warped1)
        let blend = try backend.makeTensor(shape)
        backend.blend(warped0, warped1, at: t, into: blend)
        let cropped = try backend.makeTensor(Shape(channels: 2, height: height, width: width))
        backend.crop(blend, left: padding.left, top: padding.top, into: cropped)
        let count = width * height
        var values = [Float](repeating: 0, count: 2 * count)
        try values.withUnsafeMutableBufferPointer { try backend.download(cropped, to: $0) }
        return (0..<count).map { index in
            let (alpha, weight) = (values[index], values[count + index])
            // Without weight the quotient means nothing: clear, as what is not there.
            return weight > 1e-3 ? min(max(alpha / weight, 0), 1) : 0
        }
    }
}
