import Tensors

/// A convolution's weights in the layout of the algorithm that its shape calls for.
public struct CPUConvolution: Sendable {
    enum Algorithm: Sendable {
        case direct(DirectConvolution)
        case matrixProduct(MatrixProductConvolution)
    }

    public let description: ConvolutionDescription
    let algorithm: Algorithm

    /// Chooses the algorithm and packs the weights for it. Throws `TensorError.shapeMismatch` when the number of
    /// weights is not the description's.
    init(_ description: ConvolutionDescription, _ weights: ConvolutionWeights) throws {
        let expected =
            description.outputChannels * description.inputChannels * description.kernel * description.kernel
        guard weights.values.count == expected, weights.bias.count == description.outputChannels else {
            throw TensorError.shapeMismatch(
                operation: "convolution weights",
                expected: "\(expected) + \(description.outputChannels) values",
                got: "\(weights.values.count) + \(weights.bias.count)")
        }
        self.description = description
        // A 1×1 convolution is a matrix product as it stands: no window, so nothing to gather. All others
        // gain from reading each input value once for all taps.
        if description.kernel == 1, description.stride == 1 {
            algorithm = .matrixProduct(MatrixProductConvolution(description, weights))
        } else {
            algorithm = .direct(DirectConvolution(description, weights))
        }
    }
}
