/// The function applied to a convolution's sum (bias and residual included).
public enum Activation: Hashable, Sendable {
    case identity
    case relu
    /// x for x ≥ 0, `slope`·x below.
    case leakyReLU(slope: Float)
}

/// The geometry of a two-dimensional convolution with zero padding.
///
/// The padding is `dilation · (kernel - 1) / 2` on every side: with stride 1 the output has the input's
/// size, with stride 2 half of it, rounded up. Kernels are square and of odd size.
public struct ConvolutionDescription: Hashable, Sendable {
    public var inputChannels: Int
    public var outputChannels: Int
    public var kernel: Int
    public var stride: Int
    public var dilation: Int
    public var activation: Activation

    public init(
        inputChannels: Int, outputChannels: Int, kernel: Int, stride: Int = 1, dilation: Int = 1,
        activation: Activation = .identity
    ) {
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.kernel = kernel
        self.stride = stride
        self.dilation = dilation
        self.activation = activation
    }

    /// Zeros assumed around the input, on every side.
    public var padding: Int { dilation * (kernel - 1) / 2 }

    public func outputShape(for input: Shape) -> Shape {
        Shape(
            channels: outputChannels, height: (input.height + stride - 1) / stride,
            width: (input.width + stride - 1) / stride)
    }

    /// Multiply-adds for one input of `shape`.
    public func multiplyAdds(for shape: Shape) -> Int {
        outputShape(for: shape).count * inputChannels * kernel * kernel
    }
}

/// The values of a convolution: weights `[output, input, kernel, kernel]`, bias `[output]`.
public struct ConvolutionWeights: Sendable {
    public var values: [Float]
    public var bias: [Float]
    /// The layer's key, for profiles.
    public var name: String

    /// Weights with a bias; without one, the bias is zero.
    public init(values: [Float], bias: [Float]?, outputChannels: Int, name: String = "") {
        self.values = values
        self.name = name
        self.bias = bias ?? [Float](repeating: 0, count: outputChannels)
    }
}
