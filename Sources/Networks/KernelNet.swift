import Tensors

/// The interpolation kernels of a pair (Bao et al., CVPR 2019, §3.3; the U-Net of Niklaus et al., 2017, with
/// added skips): 4×4 taps for every pixel of each frame.
///
/// Sides must be multiples of 32.
struct KernelNet<B: Backend>: Sendable {
    private let layers: LayerSet<B>
    private var backend: B { layers.backend }

    init(weights: LayerWeights, backend: B) throws {
        layers = try LayerSet(KernelNetLayers.all, weights: weights, backend: backend)
    }

    /// The taps for the first and the second frame, `[16, H, W]` each; tap `4·j + i` belongs to row j, column i.
    func kernels(_ first: B.Tensor, _ second: B.Tensor) throws -> (B.Tensor, B.Tensor) {
        let pair = try backend.makeTensor(first.shape.with(channels: 6))
        backend.copy(first, into: pair.channels(0..<3))
        backend.copy(second, into: pair.channels(3..<6))
        let features = try trunk(pair)
        func head(_ number: Int) throws -> B.Tensor {
            let taps = try backend.makeLastingTensor(first.shape.with(channels: 16), as: .values)
            let hidden = try layers("initScaleNets_filter\(number).0", features)
            try layers("initScaleNets_filter\(number).2", hidden, into: taps)
            return taps
        }
        return (try head(1), try head(2))
    }

    private func trunk(_ pair: B.Tensor) throws -> B.Tensor {
        var skips: [B.Tensor] = []
        var features = try layers("initScaleNets_filter.0", pair)
        for index in KernelNetLayers.contracting {
            features = try layers("initScaleNets_filter.\(index)", features)
            skips.append(features)
            let pooled = try backend.makeTensor(features.shape.halved)
            backend.maxPool(features, into: pooled)
            features = pooled
        }
        features = try layers("initScaleNets_filter.17", features)
        for index in KernelNetLayers.expanding {
            let skip = skips.removeLast()
            let sum = try backend.makeTensor(skip.shape)
            backend.upsampleBilinear(features, factor: 2, scale: .constant(1), adding: skip, into: sum)
            features = try layers("initScaleNets_filter.\(index)", sum)
        }
        return features
    }
}

/// The layers of the kernel net under the published keys; activations and poolings take the indices between.
enum KernelNetLayers {
    static let contracting = [2, 5, 8, 11, 14]
    static let expanding = [20, 23, 26, 29, 32]

    static let all: [Layer] = {
        let indices = [0] + contracting + [17] + expanding
        let channels = [6, 16, 32, 64, 128, 256, 512, 512, 256, 128, 64, 32, 16]
        let trunk = indices.enumerated().map { position, index in
            Layer(
                "initScaleNets_filter.\(index)", channels[position], channels[position + 1], activation: .relu
            )
        }
        let heads = ["initScaleNets_filter1", "initScaleNets_filter2"].flatMap {
            [Layer($0 + ".0", 16, 16, activation: .relu), Layer($0 + ".2", 16, 16)]
        }
        return trunk + heads
    }()
}
