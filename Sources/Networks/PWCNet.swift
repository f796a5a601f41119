import Tensors

/// Optical flow: PWC-Net (Sun et al., CVPR 2018), the variant with dense connections and a dilated context network.
///
/// Frames are RGB in [0, 1], with sides that are multiples of 64. The result is the flow from the first frame to the second at a
/// quarter of the size, `[2, H/4, W/4]`, x then y, in units of 20 pixels of the full frame.
struct PWCNet<B: Backend>: Sendable {
    /// Features of one frame at levels 1…6; level n has 1/2ⁿ of the frame's size.
    struct Pyramid: Sendable {
        var levels: [B.Tensor]
        subscript(level: Int) -> B.Tensor { levels[level - 1] }
    }

    private let layers: LayerSet<B>
    private var backend: B { layers.backend }

    init(weights: LayerWeights, backend: B) throws {
        layers = try LayerSet(PWCNetLayers.all.filter(\.isUsed), weights: weights, backend: backend)
    }

    /// The feature pyramid of a frame: all that flow needs of one frame alone.
    func pyramid(_ image: B.Tensor) throws -> Pyramid {
        var levels: [B.Tensor] = []
        var features = image
        for level in 1...6 {
            let keys = PWCNetLayers.pyramidKeys(level)
            for key in keys.dropLast() { features = try layers(key, features) }
            let made = try backend.makeLastingTensor(
                features.shape.with(channels: PWCNetLayers.pyramidChannels[level]), as: .features)
            try layers(keys[keys.count - 1], features, into: made)
            levels.append(made)
            features = made
        }
        return Pyramid(levels: levels)
    }

    /// The flow from the first frame to the second, coarse to fine.
    func flow(from first: Pyramid, to second: Pyramid) throws -> B.Tensor {
        var coarse: (flow: B.Tensor, features: B.Tensor)?
        for level in [6, 5, 4, 3] {
            let features = try decode(level, first, second, from: coarse)
            coarse = (try layers("flownets.predict_flow\(level)", features), features)
        }
        let features = try decode(2, first, second, from: coarse)
        let flow = try layers("flownets.predict_flow2", features)
        return try refine(flow, features)
    }

    /// The densely connected features of a level: each layer sees the outputs of all before it, its own in front.
    private func decode(
        _ level: Int, _ first: Pyramid, _ second: Pyramid, from coarse: (flow: B.Tensor, features: B.Tensor)?
    ) throws -> B.Tensor {
        let shape = first[level].shape
        let grown = PWCNetLayers.decoderGrowth.reduce(0, +)
        let buffer = try backend.makeTensor(
            shape.with(channels: grown + PWCNetLayers.decoderInputs(level)))
        let correlation = buffer.channels(grown..<grown + PWCNetLayers.correlationChannels)
        if let coarse {
            let features = correlation.shape.channels + grown
            let flowStart = features + shape.channels
            backend.copy(first[level], into: buffer.channels(features..<flowStart))
            let flow = try backend.makeTensor(shape.with(channels: 2), as: .values)
            try layers.transposed("flownets.deconv\(level + 1)", coarse.flow, as: .values, into: flow)
            backend.copy(flow, into: buffer.channels(flowStart..<flowStart + 2))
            try layers.transposed(
                "flownets.upfeat\(level + 1)", coarse.features, as: .features,
                into: buffer.channels(flowStart + 2..<flowStart + 4))
            // The flow counts 20 pixels of the full frame; this level's pixel is 2^level of those.
            let warped = try backend.makeTensor(shape)
            backend.warpBackward(second[level], by: flow, scale: 20 / Float(1 << level), into: warped)
            backend.correlate(first[level], warped, into: correlation)
        } else {
            backend.correlate(first[level], second[level], into: correlation)
        }
        var start = grown
        for (index, growth) in PWCNetLayers.decoderGrowth.enumerated() {
            try layers(
                "flownets.conv\(level)_\(index).0", buffer.channels(start..<buffer.shape.channels),
                into: buffer.channels(start - growth..<start))
            start -= growth
        }
        return buffer
    }

    /// The context network: dilated convolutions whose result is added to the flow.
    private func refine(_ flow: B.Tensor, _ features: B.Tensor) throws -> B.Tensor {
        var context = features
        for index in PWCNetLayers.contextDilations.indices.dropLast() {
            context = try layers("flownets.dc_conv\(index + 1).0", context)
        }
        let refined = try backend.makeLastingTensor(flow.shape, as: .values)
        try layers("flownets.dc_conv7", context, adding: flow, into: refined)
        return refined
    }
}

/// The layers of PWC-Net under the published keys.
enum PWCNetLayers {
    static let pyramidChannels = [3, 16, 32, 64, 96, 128, 196]
    static let decoderGrowth = [128, 128, 96, 64, 32]
    static let contextDilations = [1, 2, 4, 8, 16, 1, 1]
    static let contextChannels = [128, 128, 128, 96, 64, 32, 2]
    static let correlationChannels = 81
    private static let leaky = Activation.leakyReLU(slope: 0.1)

    /// The three convolutions of a pyramid level in the order they run; level 6 was published in another order.
    static func pyramidKeys(_ level: Int) -> [String] {
        let suffixes = level == 6 ? ["aa", "a", "b"] : ["a", "aa", "b"]
        return suffixes.map { "flownets.conv\(level)\($0).0" }
    }

    /// Channels that a level's decoder starts from: the cost volume, and below the top the features of the first frame, the
    /// flow and two channels of features from the level above.
    static func decoderInputs(_ level: Int) -> Int {
        correlationChannels + (level == 6 ? 0 : pyramidChannels[level] + 4)
    }

    static var all: [Layer] { pyramid + [6, 5, 4, 3, 2].flatMap(decoder) + context }

    private static var pyramid: [Layer] {
        (1...6).flatMap { level in
            let (input, output) = (pyramidChannels[level - 1], pyramidChannels[level])
            return pyramidKeys(level).enumerated().map { index, key in
                Layer(
                    key, index == 0 ? input : output, output, stride: index == 0 ? 2 : 1, activation: leaky)
            }
        }
    }

    private static func decoder(_ level: Int) -> [Layer] {
        var layers: [Layer] = []
        var channels = decoderInputs(level)
        for (index, growth) in decoderGrowth.enumerated() {
            layers.append(Layer("flownets.conv\(level)_\(index).0", channels, growth, activation: leaky))
            channels += growth
        }
        layers.append(Layer("flownets.predict_flow\(level)", channels, 2))
        layers.append(.transposed("flownets.deconv\(level)", 2, 2))
        if level > 2 { layers.append(.transposed("flownets.upfeat\(level)", channels, 2)) }
        return layers
    }

    private static var context: [Layer] {
        let last = decoderInputs(2) + decoderGrowth.reduce(0, +)
        return zip(contextChannels.indices, contextDilations).map { index, dilation in
            Layer(
                "flownets.dc_conv\(index + 1)" + (index < 6 ? ".0" : ""),
                index == 0 ? last : contextChannels[index - 1], contextChannels[index], dilation: dilation,
                activation: index < 6 ? leaky : .identity)
        }
    }
}

extension Layer {
    /// The published weights hold one layer that the network never runs.
    fileprivate var isUsed: Bool { key != "flownets.deconv2" }
}
