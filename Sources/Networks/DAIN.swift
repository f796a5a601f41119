import Tensors
import Weights

/// Depth-Aware Video Frame Interpolation (Bao et al., CVPR 2019): a new frame at any time between two.
///
/// The work is cut by what it depends on: `frame` once a frame, `pair` once a pair of neighbours, `interpolate` once a
/// new frame. Images are RGB in [0, 1], `[3, H, W]`, with sides that are multiples of 64 (`Padding`).
public struct DAIN<B: Backend>: Sendable {
    public typealias Projection = ProjectionWeighting

    /// Whether the blend of the two warped frames is refined (§3.3): two thirds of the arithmetic.
    public enum Rectification: Sendable {
        /// Not with weights whose last layer is zero, which adds nothing.
        case whereItAdds
        /// Even where it adds nothing, as benchmarks do.
        case always
        /// The blend is the new frame.
        case never
    }

    /// What is known of one frame.
    public struct Frame: Sendable {
        public let image: B.Tensor
        /// Context features, image and log depth (`FrameContext`); nil where it was not kept, or the rectify net is not run.
        public let context: B.Tensor?
        /// nil where nothing needs the depth.
        public let logDepth: B.Tensor?
        let inverseDepth: B.Tensor?
        let pyramid: PWCNet<B>.Pyramid

        /// All of it, for what reads it.
        public var tensors: [B.Tensor] {
            [image] + [context, logDepth, inverseDepth].compactMap(\.self) + pyramid.levels
        }
    }

    /// What is known of two neighbouring frames.
    public struct Pair: Sendable {
        public let first: Frame
        public let second: Frame
        /// Flow between the frames, `[2, H/4, W/4]`, in units of 20 pixels.
        public let flow01: B.Tensor
        public let flow10: B.Tensor
        /// Interpolation kernels, `[16, H, W]`.
        public let kernel0: B.Tensor
        public let kernel1: B.Tensor

        /// All of it, for what reads it.
        public var tensors: [B.Tensor] {
            first.tensors + second.tensors + [flow01, flow10, kernel0, kernel1]
        }
    }

    /// A new frame and the steps to it.
    public struct Result: Sendable {
        /// The new frame before clipping to [0, 1].
        public let output: B.Tensor
        /// The time-weighted sum of the warped frames.
        public let blend: B.Tensor
        /// Flow from the new frame into the first and the second, in pixels.
        public let flow0: B.Tensor
        public let flow1: B.Tensor
    }

    public let backend: B
    public let projection: Projection
    private let flowNet: PWCNet<B>
    private let depthNet: MegaDepth<B>
    private let contextNet: ContextNet<B>
    private let kernelNet: KernelNet<B>
    private let rectifyNet: RectifyNet<B>
    let skipsRectification: Bool

    /// Loads the network. Throws when a parameter is missing, of another shape, or unknown.
    ///
    public init(
        weights: WeightDictionary, backend: B, projection: Projection = .depthAware,
        rectification: Rectification = .whereItAdds
    ) throws {
        try weights.check(against: DAINParameters.all)
        let layerWeights = LayerWeights(dictionary: weights)
        self.backend = backend
        self.projection = projection
        flowNet = try PWCNet(weights: layerWeights, backend: backend)
        depthNet = try MegaDepth(weights: layerWeights, backend: backend)
        contextNet = try ContextNet(weights: layerWeights, backend: backend)
        kernelNet = try KernelNet(weights: layerWeights, backend: backend)
        rectifyNet = try RectifyNet(weights: layerWeights, backend: backend)
        skipsRectification =
            switch rectification {
            case .whereItAdds: rectifyNet.isIdle
            case .always: false
            case .never: true
            }
    }

    /// All that depends on one frame alone. The image is kept.
    ///
    /// The context is by far the largest part. Where it is not kept, each new frame makes it again.
    public func frame(_ image: B.Tensor, keepsContext: Bool = true) throws -> Frame {
        let plane = image.shape.with(channels: 1)
        let needsDepth = projection == .depthAware || !skipsRectification
        let logDepth = needsDepth ? try backend.makeLastingTensor(plane, as: .values) : nil
        let inverseDepth = projection == .depthAware ? try backend.makeLastingTensor(plane, as: .values) : nil
        let context =
            keepsContext && !skipsRectification
            ? try backend.makeLastingTensor(image.shape.with(channels: FrameContext.channels), as: .features)
            : nil
        var pyramid: PWCNet<B>.Pyramid?
        try backend.concurrently([
            {
                guard let logDepth else { return }
                try backend.measure("depth") { try depthNet.logDepth(image, into: logDepth) }
                if let inverseDepth { backend.invertDepth(logDepth, into: inverseDepth) }
            },
            { if let context { try fill(context, with: image) } },
            { pyramid = try backend.measure("flow") { try flowNet.pyramid(image) } },
        ])
        guard let pyramid else { preconditionFailure("every branch runs") }
        if let context, let logDepth { backend.copy(logDepth, into: context.channels(FrameContext.logDepth)) }
        return Frame(
            image: image, context: context, logDepth: logDepth, inverseDepth: inverseDepth, pyramid: pyramid)
    }

    /// Writes what the rectify net reads of a frame, but for the depth (`FrameContext`).
    private func fill(_ context: B.Tensor, with image: B.Tensor) throws {
        try backend.measure("context") {
            try contextNet.features(image, into: context.channels(FrameContext.features))
        }
        backend.copy(image, into: context.channels(FrameContext.image))
    }

    /// A frame's context where it was not kept.
    private func context(of frame: Frame) throws -> B.Tensor {
        if let known = frame.context { return known }
        let context = try backend.makeTensor(frame.image.shape.with(channels: FrameContext.channels))
        try fill(context, with: frame.image)
        if let logDepth = frame.logDepth {
            backend.copy(logDepth, into: context.channels(FrameContext.logDepth))
        }
        return context
    }

    /// All that depends on two frames but not on the time between them.
    public func pair(_ first: Frame, _ second: Frame) throws -> Pair {
        var (flow01, flow10): (B.Tensor?, B.Tensor?)
        var kernels: (B.Tensor, B.Tensor)?
        try backend.concurrently([
            {
                flow01 = try backend.measure("flow") {
                    try flowNet.flow(from: first.pyramid, to: second.pyramid)
                }
            },
            {
                flow10 = try backend.measure("flow") {
                    try flowNet.flow(from: second.pyramid, to: first.pyramid)
                }
            },
            { kernels = try backend.measure("kernels") { try kernelNet.kernels(first.image, second.image) } },
        ])
        guard let flow01, let flow10, let kernels else { preconditionFailure("every branch runs") }
        return Pair(
            first: first, second: second, flow01: flow01, flow10: flow10, kernel0: kernels.0,
            kernel1: kernels.1)
    }

    /// The frame at time t, 0 < t < 1.
    public func interpolate(_ pair: Pair, at t: Float) throws -> Result {
        let shape = pair.first.image.shape
        let (flow0, flow1) = (
            try backend.makeTensor(shape.with(channels: 2), as: .values),
            try backend.makeTensor(shape.with(channels: 2), as: .values)
        )
        try project(pair, at: t, into: flow0, flow1)
        let blend = try backend.makeTensor(shape, as: .values)
        if skipsRectification {
            try backend.measure("warp") { try self.blend(pair, flow0, flow1, at: t, into: blend) }
            return Result(output: blend, blend: blend, flow0: flow0, flow1: flow1)
        }
        let warped = WarpedPair(
            first: .init(
                image: pair.first.image, context: try context(of: pair.first), flow: flow0,
                taps: pair.kernel0),
            second: .init(
                image: pair.second.image, context: try context(of: pair.second), flow: flow1,
                taps: pair.kernel1), t: t)
        let output = try rectifyNet.frame(adding: blend) { rows, input in
            try backend.measure("warp") {
                try backend.assemble(warped, rows: rows, into: input, blend: blend)
            }
        }
        return Result(output: output, blend: blend, flow0: flow0, flow1: flow1)
    }

    /// The new frame without rectification.
    private func blend(
        _ pair: Pair, _ flow0: B.Tensor, _ flow1: B.Tensor, at t: Float, into blend: B.Tensor
    ) throws {
        let (warped0, warped1) = (
            try backend.makeTensor(blend.shape, as: .values), try backend.makeTensor(blend.shape, as: .values)
        )
        let rows = 0..<blend.shape.height
        try backend.warpAdaptively(
            pair.first.image, by: flow0, taps: pair.kernel0, rows: rows, into: warped0)
        try backend.warpAdaptively(
            pair.second.image, by: flow1, taps: pair.kernel1, rows: rows, into: warped1)
        backend.blend(warped0, warped1, at: t, into: blend)
    }

    /// Scales both flows to time t and projects them to where the new frame's pixels are.
    private func project(_ pair: Pair, at t: Float, into flow0: B.Tensor, _ flow1: B.Tensor) throws {
        // The network's unit is 20 pixels; the size grows by 4, the values do not.
        func project(
            _ coarse: B.Tensor, _ scale: TimedScale, _ weights: B.Tensor?, into target: B.Tensor
        ) throws {
            try backend.measure("projection") {
                let flow = try backend.makeTensor(target.shape, as: .values)
                backend.upsampleBilinear(coarse, factor: 4, scale: scale, adding: nil, into: flow)
                try backend.projectFlow(flow, weights: weights, into: target)
            }
        }
        try backend.concurrently([
            { try project(pair.flow01, .passed(t, of: 20), pair.first.inverseDepth, into: flow0) },
            { try project(pair.flow10, .left(t, of: 20), pair.second.inverseDepth, into: flow1) },
        ])
    }
}

/// What a weights file of the DAIN network holds: the published state dict.
public enum DAINParameters {
    public static var all: [ParameterSpecification] {
        (KernelNetLayers.all + ContextNetLayers.all + RectifyNetLayers.all + MegaDepthLayers.all
            + PWCNetLayers.all).flatMap(\.parameters)
    }
}
