import Tensors

/// Depth: the hourglass of MegaDepth (Li & Snavely, CVPR 2018; Chen et al., NIPS 2016).
///
/// Takes RGB in [0, 1] with sides that are multiples of 16; gives log depth, `[1, H, W]`.
struct MegaDepth<B: Backend>: Sendable {
    private let ends: LayerSet<B>
    private let inceptions: [String: InceptionBlock<B>]
    private var backend: B { ends.backend }

    init(weights: LayerWeights, backend: B) throws {
        ends = try LayerSet(MegaDepthLayers.ends, weights: weights, backend: backend)
        var blocks: [String: InceptionBlock<B>] = [:]
        for (key, inception) in MegaDepthLayers.inceptions {
            blocks[key] = try InceptionBlock(inception, key: key, weights: weights, backend: backend)
        }
        inceptions = blocks
    }

    /// The log depth of an image, written into `output`.
    func logDepth(_ image: B.Tensor, into output: B.Tensor) throws {
        let features = try run([MegaDepthLayers.hourglass], ends("depthNet.0", image), "depthNet", from: 3)
        try ends("depthNet.4", features, into: output)
    }

    /// Runs the parts of a sequence whose key is `prefix`, the first part having the index `from`.
    private func run(_ parts: [HourglassPart], _ input: B.Tensor, _ prefix: String, from: Int = 0) throws
        -> B.Tensor
    {
        var features = input
        for (index, part) in parts.enumerated() {
            let key = "\(prefix).\(from + index)"
            switch part {
            case .inception:
                guard let block = inceptions[key] else { preconditionFailure("no block '\(key)'") }
                features = try block(features)
            case .maxPool:
                let pooled = try backend.makeTensor(features.shape.halved)
                backend.maxPool(features, into: pooled)
                features = pooled
            case .averagePool:
                let pooled = try backend.makeTensor(features.shape.halved)
                backend.averagePool(features, into: pooled)
                features = pooled
            case .fork(let full, let half, let halfIsFirst):
                // The lower resolution is computed first, so that its tensors are gone when the larger ones are made.
                let coarse = try run(half, features, key + (halfIsFirst ? ".0.0" : ".0.1"))
                let fine = try run(full, features, key + (halfIsFirst ? ".0.1" : ".0.0"))
                backend.addUpsampledNearest(coarse, to: fine)
                features = fine
            }
        }
        return features
    }
}

/// A part of the hourglass.
indirect enum HourglassPart: Sendable {
    case inception(Inception)
    case maxPool
    case averagePool
    /// Two branches that are summed. The `half` one starts with a pooling; its result is doubled in size before the sum.
    /// `halfIsFirst` tells which of the two has the index 0 in the keys.
    case fork(full: [HourglassPart], half: [HourglassPart], halfIsFirst: Bool)
}

/// The layers of MegaDepth under the published keys.
enum MegaDepthLayers {
    static let ends = [
        Layer(
            "depthNet.0", 3, 128, kernel: 7, activation: .relu, norm: .affine(key: "depthNet.1")),
        Layer("depthNet.4", 64, 1),
    ]

    static let hourglass = HourglassPart.fork(
        full: [.inception(Inception(128, 16, [(64, 3, 16), (64, 7, 16), (64, 11, 16)]))],
        half: [
            .maxPool, .inception(small), .inception(small), halfSize,
            .inception(Inception(128, 32, [(64, 3, 32), (64, 5, 32), (64, 7, 32)])),
            .inception(Inception(128, 16, [(32, 3, 16), (32, 7, 16), (32, 11, 16)])),
        ], halfIsFirst: true)

    private static let halfSize = HourglassPart.fork(
        full: [
            .inception(small), .inception(Inception(128, 32, [(64, 3, 32), (64, 7, 32), (64, 11, 32)])),
        ],
        half: [
            .maxPool, .inception(small),
            .inception(Inception(128, 64, [(32, 3, 64), (32, 5, 64), (32, 7, 64)])),
            quarterSize, .inception(large),
            .inception(Inception(256, 32, [(32, 3, 32), (32, 5, 32), (32, 7, 32)])),
        ], halfIsFirst: true)

    private static let quarterSize = HourglassPart.fork(
        full: [.inception(large), .inception(wide)],
        half: [
            .averagePool, .inception(large), .inception(large), eighthSize, .inception(large),
            .inception(wide),
        ], halfIsFirst: false)

    private static let eighthSize = HourglassPart.fork(
        full: [.inception(large), .inception(large)],
        half: [.averagePool, .inception(large), .inception(large), .inception(large)], halfIsFirst: false)

    private static let small = Inception(128, 32, [(32, 3, 32), (32, 5, 32), (32, 7, 32)])
    private static let large = Inception(256, 64, [(32, 3, 64), (32, 5, 64), (32, 7, 64)])
    private static let wide = Inception(256, 64, [(64, 3, 64), (64, 7, 64), (64, 11, 64)])

    /// Every Inception block with its key.
    static var inceptions: [(key: String, inception: Inception)] { collect([hourglass], "depthNet", from: 3) }

    static var all: [Layer] { ends + inceptions.flatMap { $0.inception.layers($0.key) } }

    private static func collect(_ parts: [HourglassPart], _ prefix: String, from: Int = 0)
        -> [(key: String, inception: Inception)]
    {
        parts.enumerated().flatMap { index, part -> [(key: String, inception: Inception)] in
            let key = "\(prefix).\(from + index)"
            switch part {
            case .inception(let inception): return [(key, inception)]
            case .maxPool, .averagePool: return []
            case .fork(let full, let half, let halfIsFirst):
                return collect(half, key + (halfIsFirst ? ".0.0" : ".0.1"))
                    + collect(full, key + (halfIsFirst ? ".0.1" : ".0.0"))
            }
        }
    }
}
