import Tensors

/// Frame synthesis (Bao et al., CVPR 2019, §3.3): a residual on the blend of the two warped frames, from everything known
/// about the new frame.
///
/// The published first layer reads 437 channels, of which each warped frame comes twice: once by itself and once as
/// the first three channels of its context. Their weights are added here, and `RectifyNetInput` has 431 channels.
struct RectifyNet<B: Backend>: Sendable {
    /// Whether the last layer is zero, as in weights whose training has not reached this net: then the frame is the blend.
    let isIdle: Bool
    private let entry: B.Convolution
    private let layers: LayerSet<B>
    private var backend: B { layers.backend }

    init(weights: LayerWeights, backend: B) throws {
        let first = RectifyNetLayers.entry
        let merged = Self.merged(try weights(first))
        entry = try backend.prepare(
            ConvolutionDescription(
                inputChannels: RectifyNetInput.channels, outputChannels: 128, kernel: 7, activation: .relu),
            merged)
        layers = try LayerSet(RectifyNetLayers.rest, weights: weights, backend: backend)
        let last = try weights(RectifyNetLayers.exit)
        isIdle = last.values.allSatisfy { $0 == 0 } && last.bias.allSatisfy { $0 == 0 }
    }

    /// The new frame before clipping, `[3, H, W]`: `blend` and what the layers add.
    ///
    /// The first layer's input is three times as large as its output, and as everything after it. It is made strip by strip:
    /// `fill` writes the given rows of it into a tensor of so many rows.
    func frame(adding blend: B.Tensor, fill: (_ rows: Range<Int>, _ input: B.Tensor) throws -> Void) throws
        -> B.Tensor
    {
        let features = try entryFeatures(blend.shape, fill: fill)
        return try backend.measure("rectify") {
            for block in ["block2", "block3", "block4"] {
                try ResidualBlock.run("rectifyNet.\(block)", layers, features, into: features)
            }
            return try layers(RectifyNetLayers.exit.key, features, adding: blend)
        }
    }

    private func entryFeatures(_ shape: Shape, fill: (Range<Int>, B.Tensor) throws -> Void) throws -> B.Tensor
    {
        let features = try backend.makeTensor(shape.with(channels: 128))
        var input: B.Tensor?
        for strip in RowStrips(height: shape.height, halo: 3, rows: backend.rowsPerStrip) {
            let inputShape = Shape(
                channels: RectifyNetInput.channels, height: strip.input.count, width: shape.width)
            if input?.shape != inputShape {
                input = nil  // Before the next is made, so that only one is there.
                input = try backend.makeTensor(inputShape)
            }
            guard let input else { continue }
            try fill(strip.input, input)
            try backend.measure("rectify") {
                if strip.output.count == shape.height {
                    return try backend.convolve(input, with: entry, adding: nil, into: features)
                }
                let part = try backend.makeTensor(inputShape.with(channels: 128))
                try backend.convolve(input, with: entry, adding: nil, into: part)
                let start = strip.output.lowerBound - strip.input.lowerBound
                backend.copyRows(
                    start..<start + strip.output.count, of: part, into: features,
                    at: strip.output.lowerBound)
            }
        }
        return features
    }

    /// Reorders the published first layer's columns to `RectifyNetInput` and adds those that read the same channel.
    private static func merged(_ published: ConvolutionWeights) -> ConvolutionWeights {
        // Published order: blend 3, warped frames 3 + 3, flows 2 + 2, kernels 16 + 16, warped contexts 196 + 196, each
        // of image, features and depth.
        typealias Context = FrameContext
        let (context0, context1) = (
            RectifyNetInput.warpedContext0.lowerBound, RectifyNetInput.warpedContext1.lowerBound
        )
        let (image0, image1) = (context0 + Context.image.lowerBound, context1 + Context.image.lowerBound)
        let sources: [(range: Range<Int>, target: Int)] = [
            (0..<3, RectifyNetInput.blend.lowerBound), (3..<6, image0), (6..<9, image1),
            (9..<11, RectifyNetInput.flow0.lowerBound), (11..<13, RectifyNetInput.flow1.lowerBound),
            (13..<29, RectifyNetInput.kernel0.lowerBound), (29..<45, RectifyNetInput.kernel1.lowerBound),
            (45..<48, image0), (48..<240, context0 + Context.features.lowerBound),
            (240..<241, context0 + Context.logDepth.lowerBound),
            (241..<244, image1), (244..<436, context1 + Context.features.lowerBound),
            (436..<437, context1 + Context.logDepth.lowerBound),
        ]
        let taps = 49
        let outputs = published.bias.count
        var values = [Float](repeating: 0, count: outputs * RectifyNetInput.channels * taps)
        for output in 0..<outputs {
            for (range, target) in sources {
                for (offset, channel) in range.enumerated() {
                    let from = (output * RectifyNetLayers.publishedChannels + channel) * taps
                    let to = (output * RectifyNetInput.channels + target + offset) * taps
                    for tap in 0..<taps { values[to + tap] += published.values[from + tap] }
                }
            }
        }
        return ConvolutionWeights(
            values: values, bias: published.bias, outputChannels: outputs, name: published.name)
    }
}

/// The channels of the rectify net's input, in the order of this implementation: the contexts begin at multiples of eight,
/// so that GPUs can write eight channels at once.
enum RectifyNetInput {
    static let warpedContext0 = 0..<196
    static let flow0 = 196..<198
    static let flow1 = 198..<200
    static let warpedContext1 = 200..<396
    static let kernel0 = 396..<412
    static let kernel1 = 412..<428
    static let blend = 428..<431
    static let channels = 431
}

/// The channels of a frame's context, in the order of this implementation: the features come first, so that they begin at
/// a multiple of eight.
enum FrameContext {
    static let features = 0..<192
    static let image = 192..<195
    static let logDepth = 195..<196
    static let channels = 196
}

/// The layers of the rectify net under the published keys.
enum RectifyNetLayers {
    static let publishedChannels = 437
    static let entry = Layer("rectifyNet.block1.0", publishedChannels, 128, kernel: 7, activation: .relu)
    static let exit = Layer("rectifyNet.block5.0", 128, 3)
    static let rest =
        ["block2", "block3", "block4"].flatMap { ResidualBlock.layers("rectifyNet.\($0)", channels: 128) } + [
            exit
        ]
    static let all = [entry] + rest
}
