import Tensors
import Weights

/// A convolution of a network: its geometry, and the state-dict keys that hold its values.
///
/// Each network lists its layers once; what a weights file must hold follows from the list.
struct Layer: Sendable {
    /// A batch norm behind the convolution; folded into it when the weights are read.
    enum Norm: Sendable {
        case none
        /// Mean and variance alone, as in MegaDepth's Inception blocks.
        case statistics(key: String)
        /// Mean, variance, scale and shift.
        case affine(key: String)
    }

    /// The key of the values without `.weight` and `.bias`.
    let key: String
    let convolution: ConvolutionDescription
    var hasBias = true
    var norm = Norm.none
    /// A transposed 4×4 convolution of stride 2 and padding 1 (`[input, output, 4, 4]`). It runs as a 3×3 convolution
    /// of four times the output channels followed by a depth-to-space step, and `convolution` describes that.
    var isTransposed = false

    init(
        _ key: String, _ inputChannels: Int, _ outputChannels: Int, kernel: Int = 3, stride: Int = 1,
        dilation: Int = 1, activation: Activation = .identity, hasBias: Bool = true, norm: Norm = .none
    ) {
        self.key = key
        convolution = ConvolutionDescription(
            inputChannels: inputChannels, outputChannels: outputChannels, kernel: kernel, stride: stride,
            dilation: dilation, activation: activation)
        self.hasBias = hasBias
        self.norm = norm
    }

    static func transposed(_ key: String, _ inputChannels: Int, _ outputChannels: Int) -> Layer {
        var layer = Layer(key, inputChannels, 4 * outputChannels)
        layer.isTransposed = true
        return layer
    }

    /// What a weights file must hold for this layer.
    var parameters: [ParameterSpecification] {
        let (input, output, kernel) = (
            convolution.inputChannels, convolution.outputChannels, convolution.kernel
        )
        var list: [ParameterSpecification] = []
        if isTransposed {
            list.append(ParameterSpecification(key: key + ".weight", shape: [input, output / 4, 4, 4]))
            list.append(ParameterSpecification(key: key + ".bias", shape: [output / 4]))
            return list
        }
        list.append(ParameterSpecification(key: key + ".weight", shape: [output, input, kernel, kernel]))
        if hasBias { list.append(ParameterSpecification(key: key + ".bias", shape: [output])) }
        switch norm {
        case .none: break
        case .affine(let key):
            list.append(ParameterSpecification(key: key + ".weight", shape: [output]))
            list.append(ParameterSpecification(key: key + ".bias", shape: [output]))
            list += Self.statistics(key, output)
        case .statistics(let key):
            list += Self.statistics(key, output)
        }
        return list
    }

    private static func statistics(_ key: String, _ count: Int) -> [ParameterSpecification] {
        [
            ParameterSpecification(key: key + ".running_mean", shape: [count]),
            ParameterSpecification(key: key + ".running_var", shape: [count]),
            ParameterSpecification(key: key + ".num_batches_tracked", shape: [], isOptional: true),
        ]
    }
}
