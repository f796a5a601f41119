import Tensors

/// Context features of a frame (Bao et al., CVPR 2019, §3.3): three blocks of 64 channels at full size.
struct ContextNet<B: Backend>: Sendable {
    private let layers: LayerSet<B>

    init(weights: LayerWeights, backend: B) throws {
        layers = try LayerSet(ContextNetLayers.all, weights: weights, backend: backend)
    }

    /// Writes the blocks' outputs one after another into `output`, `[192, H, W]`.
    func features(_ image: B.Tensor, into output: B.Tensor) throws {
        let blocks = (0..<3).map { output.channels($0 * 64..<($0 + 1) * 64) }
        try layers("ctxNet.block1.0", image, into: blocks[0])
        try ResidualBlock.run("ctxNet.block2", layers, blocks[0], into: blocks[1])
        try ResidualBlock.run("ctxNet.block3", layers, blocks[1], into: blocks[2])
    }
}

/// The layers of the context net under the published keys.
enum ContextNetLayers {
    static let all =
        [Layer("ctxNet.block1.0", 3, 64, kernel: 7, activation: .relu, hasBias: false)]
        + ResidualBlock.layers("ctxNet.block2", channels: 64, dilation: 4)
        + ResidualBlock.layers("ctxNet.block3", channels: 64, dilation: 8)
}
