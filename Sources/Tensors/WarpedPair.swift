/// What the input of frame synthesis is made of (Bao et al. 2019, §3.3): two frames with their flow from the new frame, in
/// pixels, and their kernels. All are of the new frame's size.
public struct WarpedPair<Tensor: BackendTensor>: Sendable {
    public struct Side: Sendable {
        /// `[3, H, W]`
        public let image: Tensor
        /// `[C, H, W]`
        public let context: Tensor
        /// `[2, H, W]`
        public let flow: Tensor
        /// `[16, H, W]`
        public let taps: Tensor

        public init(image: Tensor, context: Tensor, flow: Tensor, taps: Tensor) {
            (self.image, self.context, self.flow, self.taps) = (image, context, flow, taps)
        }
    }

    public let first: Side
    public let second: Side
    /// The time of the new frame.
    public let t: Float

    public init(first: Side, second: Side, t: Float) {
        (self.first, self.second, self.t) = (first, second, t)
    }

    /// Channels of the input: the first context, both flows, the second context, both kernels and the blend, in this order.
    public var channels: Int { 2 * first.context.shape.channels + 2 * 2 + 2 * 16 + 3 }
}

extension Backend {
    /// What `assemble` does, by other operations.
    public func assembleSeparately(
        _ pair: WarpedPair<Tensor>, rows: Range<Int>, into input: Tensor, blend: Tensor
    ) throws {
        let context = pair.first.context.shape.channels
        var start = 0
        func part(_ channels: Int) -> Tensor {
            defer { start += channels }
            return input.channels(start..<start + channels)
        }
        func warp(_ side: WarpedPair<Tensor>.Side, into target: Tensor) throws {
            try warpAdaptively(side.context, by: side.flow, taps: side.taps, rows: rows, into: target)
        }
        try warp(pair.first, into: part(context))
        copyRows(rows, of: pair.first.flow, into: part(2), at: 0)
        copyRows(rows, of: pair.second.flow, into: part(2), at: 0)
        try warp(pair.second, into: part(context))
        copyRows(rows, of: pair.first.taps, into: part(16), at: 0)
        copyRows(rows, of: pair.second.taps, into: part(16), at: 0)
        let shape = pair.first.image.shape.with(height: rows.count)
        let warped = try [pair.first, pair.second].map { side in
            let made = try makeTensor(shape, as: .values)
            try warpAdaptively(side.image, by: side.flow, taps: side.taps, rows: rows, into: made)
            return made
        }
        let blended = try makeTensor(shape, as: .values)
        self.blend(warped[0], warped[1], at: pair.t, into: blended)
        copyRows(0..<rows.count, of: blended, into: part(3), at: 0)
        copyRows(0..<rows.count, of: blended, into: blend, at: rows.lowerBound)
    }
}
