import Networks
import Tensors

/// The transparency of two frames, moved to the time between them as the network moves their colours.
///
/// The sums of a pixel's kernel weights are near 1 and not equal to it, which would let opaque pictures shine through. A plane of
/// ones goes the same way beside the transparency: what becomes of it is that sum, and is divided by.
struct AlphaWarp<B: Backend>: Sendable {
    static var channels: Int { 2 }

    let backend: B

    /// A frame's transparency and the plane of ones, `[2, H, W]`, padded as the frame.
    func tensor(_ alpha: [Float], of image: RGBImage, _ padding: Padding) throws -> B.Tensor {
        precondition(alpha.count == image.width * image.height, "one plane of the image's size")
        let values = alpha + [Float](repeating: 1, count: alpha.count)
        let original = try backend.makeTensor(
            Shape(channels: Self.channels, height: image.height, width: image.width))
        try values.withUnsafeBufferPointer { try backend.upload($0, to: original) }
        let padded = try backend.makeTensor(padding.padded(original.shape), as: .values)
        backend.padReplicating(original, left: padding.left, top: padding.top, into: padded)
        return padded
    }

    /// Both planes for a new frame, not divided yet.
    func warp(
        _ first: B.Tensor, _ second: B.Tensor, by pair: DAIN<B>.Pair, _ result: DAIN<B>.Result, at t: Float
    ) throws -> B.Tensor {
        let shape = first.shape
        let rows = 0..<shape.height
        let (warped0, warped1) = (
            try backend.makeTensor(shape, as: .values), try backend.makeTensor(shape, as: .values)
        )
        try backend.warpAdaptively(first, by: result.flow0, taps: pair.kernel0, rows: rows, into: warped0)
        try backend.warpAdaptively(second, by: result.flow1, taps: pair.kernel1, rows: rows, into: warped1)
        let blend = try backend.makeTensor(shape, as: .values)
        backend.blend(warped0, warped1, at: t, into: blend)
        return blend
    }

    /// The transparency, `[H, W]`, from both planes.
    static func alpha(from planes: [Float]) -> [Float] {
        let count = planes.count / channels
        return (0..<count).map { index in
            let (alpha, weight) = (planes[index], planes[count + index])
            // Without weight the quotient means nothing: clear, as what is not there.
            return weight > 1e-3 ? min(max(alpha / weight, 0), 1) : 0
        }
    }
}
