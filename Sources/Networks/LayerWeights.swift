import Tensors
import Weights

/// Reads a layer's values from a weights file in the form that backends take.
struct LayerWeights {
    /// PyTorch's default; MegaDepth was trained with it.
    private static let normEpsilon: Float = 1e-5

    let dictionary: WeightDictionary

    /// The layer's weights and bias, with its batch norm folded in.
    func callAsFunction(_ layer: Layer) throws -> ConvolutionWeights {
        if layer.isTransposed { return try transposed(layer) }
        let outputs = layer.convolution.outputChannels
        var values = try floats(layer.key + ".weight")
        var bias = try layer.hasBias ? floats(layer.key + ".bias") : [Float](repeating: 0, count: outputs)
        switch layer.norm {
        case .none: break
        case .statistics(let key):
            try fold(key, scale: nil, shift: nil, &values, &bias)
        case .affine(let key):
            try fold(key, scale: floats(key + ".weight"), shift: floats(key + ".bias"), &values, &bias)
        }
        return ConvolutionWeights(values: values, bias: bias, outputChannels: outputs, name: layer.key)
    }

    /// γ · (x - mean) / √(variance + ε) + β, applied to the weights and bias of the convolution before it.
    private func fold(
        _ key: String, scale: [Float]?, shift: [Float]?, _ values: inout [Float], _ bias: inout [Float]
    ) throws {
        let mean = try floats(key + ".running_mean")
        let variance = try floats(key + ".running_var")
        let perOutput = values.count / bias.count
        for output in bias.indices {
            let factor = (scale?[output] ?? 1) / (variance[output] + Self.normEpsilon).squareRoot()
            for index in output * perOutput..<(output + 1) * perOutput { values[index] *= factor }
            bias[output] = (bias[output] - mean[output]) * factor + (shift?[output] ?? 0)
        }
    }

    /// A transposed convolution of stride 2 gives each of the four output pixels under an input pixel its own 2×2 taps out of
    /// the 3×3 neighbourhood: four ordinary convolutions, as four channels.
    private func transposed(_ layer: Layer) throws -> ConvolutionWeights {
        let (inputs, outputs) = (layer.convolution.inputChannels, layer.convolution.outputChannels / 4)
        let source = try floats(layer.key + ".weight")
        let bias = try floats(layer.key + ".bias")
        // Tap of the 4×4 kernel that offset -1, 0, 1 of the neighbourhood meets, for even and odd output pixels.
        let taps: [[Int?]] = [[3, 1, nil], [nil, 2, 0]]
        var values = [Float](repeating: 0, count: 4 * outputs * inputs * 9)
        for output in 0..<outputs {
            for phase in 0..<4 {
                for input in 0..<inputs {
                    for j in 0..<3 {
                        for i in 0..<3 {
                            guard let ky = taps[phase / 2][j], let kx = taps[phase % 2][i] else { continue }
                            values[(((4 * output + phase) * inputs + input) * 3 + j) * 3 + i] =
                                source[((input * outputs + output) * 4 + ky) * 4 + kx]
                        }
                    }
                }
            }
        }
        return ConvolutionWeights(
            values: values, bias: bias.flatMap { [$0, $0, $0, $0] }, outputChannels: 4 * outputs,
            name: layer.key)
    }

    private func floats(_ key: String) throws -> [Float] {
        guard let tensor = dictionary[key] else { throw NetworkError.missingParameter(key) }
        return tensor.floats()
    }
}

/// What can go wrong when a network is loaded.
public enum NetworkError: Error, Equatable, CustomStringConvertible {
    case missingParameter(String)

    public var description: String {
        switch self {
        case .missingParameter(let key): "the weights hold no '\(key)'"
        }
    }
}
