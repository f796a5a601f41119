import Tensors

/// A network's convolutions, ready to run, under the keys of its layers.
struct LayerSet<B: Backend>: Sendable {
    let backend: B
    private let convolutions: [String: B.Convolution]
    private let descriptions: [String: ConvolutionDescription]

    init(_ layers: [Layer], weights: LayerWeights, backend: B) throws {
        self.backend = backend
        var convolutions: [String: B.Convolution] = [:]
        for layer in layers {
            convolutions[layer.key] = try backend.prepare(layer.convolution, weights(layer))
        }
        self.convolutions = convolutions
        descriptions = Dictionary(uniqueKeysWithValues: layers.map { ($0.key, $0.convolution) })
    }

    /// Runs a layer into a new tensor.
    func callAsFunction(_ key: String, _ input: B.Tensor, adding residual: B.Tensor? = nil) throws -> B.Tensor
    {
        let description = description(key)
        // What has no activation behind it leaves the network: flows, depth, taps, colours.
        let output = try backend.makeTensor(
            description.outputShape(for: input.shape),
            as: description.activation == .identity ? .values : .features)
        try self(key, input, adding: residual, into: output)
        return output
    }

    /// Runs a layer into a given tensor.
    func callAsFunction(
        _ key: String, _ input: B.Tensor, adding residual: B.Tensor? = nil, into output: B.Tensor
    ) throws {
        guard let convolution = convolutions[key] else { preconditionFailure("no layer '\(key)'") }
        try backend.convolve(input, with: convolution, adding: residual, into: output)
    }

    /// Runs a transposed layer into a given tensor of twice the size.
    func transposed(_ key: String, _ input: B.Tensor, as content: TensorContent, into output: B.Tensor) throws
    {
        let made = try backend.makeTensor(description(key).outputShape(for: input.shape), as: content)
        try self(key, input, into: made)
        backend.depthToSpace(made, into: output)
    }

    private func description(_ key: String) -> ConvolutionDescription {
        guard let description = descriptions[key] else { preconditionFailure("no layer '\(key)'") }
        return description
    }
}

/// A residual block of two 3×3 convolutions without bias: ReLU(conv2(ReLU(conv1(x))) + x).
enum ResidualBlock {
    static func layers(_ key: String, channels: Int, dilation: Int = 1) -> [Layer] {
        [
            Layer(
                key + ".conv1", channels, channels, dilation: dilation, activation: .relu, hasBias: false),
            Layer(key + ".conv2", channels, channels, activation: .relu, hasBias: false),
        ]
    }

    /// The output may be the input itself.
    static func run<B: Backend>(
        _ key: String, _ layers: LayerSet<B>, _ input: B.Tensor, into output: B.Tensor
    )
        throws
    {
        try layers(key + ".conv2", layers(key + ".conv1", input), adding: input, into: output)
    }
}
