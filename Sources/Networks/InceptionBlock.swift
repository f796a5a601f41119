import Tensors

/// The geometry of an Inception block: a 1×1 branch, and branches of a 1×1 that narrows and a larger convolution.
///
/// Every convolution is followed by a batch norm without scale and shift and by ReLU; the branches are concatenated.
struct Inception: Sendable {
    struct Branch: Sendable {
        var middle: Int
        var kernel: Int
        var output: Int
    }

    let inputChannels: Int
    let pointwise: Int
    let branches: [Branch]

    init(_ inputChannels: Int, _ pointwise: Int, _ branches: [(Int, Int, Int)]) {
        self.inputChannels = inputChannels
        self.pointwise = pointwise
        self.branches = branches.map { Branch(middle: $0.0, kernel: $0.1, output: $0.2) }
    }

    var outputChannels: Int { pointwise + branches.reduce(0) { $0 + $1.output } }

    /// The 1×1 convolutions that read the block's input, of the pointwise branch first.
    func entries(_ key: String) -> [Layer] {
        ([pointwise] + branches.map(\.middle)).enumerated().map { index, channels in
            Layer(
                "\(key).\(index).0", inputChannels, channels, kernel: 1, activation: .relu,
                norm: .statistics(key: "\(key).\(index).1"))
        }
    }

    /// The larger convolutions, one a branch.
    func exits(_ key: String) -> [Layer] {
        branches.enumerated().map { index, branch in
            Layer(
                "\(key).\(index + 1).3", branch.middle, branch.output, kernel: branch.kernel,
                activation: .relu,
                norm: .statistics(key: "\(key).\(index + 1).4"))
        }
    }

    func layers(_ key: String) -> [Layer] { entries(key) + exits(key) }
}

/// An Inception block that is ready to run.
///
/// The four 1×1 convolutions share their input and run as one. Its result holds the narrowed branches, then the pointwise
/// branch, and is followed in the same tensor by the larger convolutions' results: the block's output is the
/// tensor's tail, and nothing is copied.
struct InceptionBlock<B: Backend>: Sendable {
    private let inception: Inception
    private let key: String
    private let entry: B.Convolution
    private let exits: LayerSet<B>

    init(_ inception: Inception, key: String, weights: LayerWeights, backend: B) throws {
        self.inception = inception
        self.key = key
        exits = try LayerSet(inception.exits(key), weights: weights, backend: backend)
        let entries = inception.entries(key)
        let ordered = entries.dropFirst() + entries.prefix(1)
        let values = try ordered.map { try weights($0) }
        let channels = ordered.reduce(0) { $0 + $1.convolution.outputChannels }
        entry = try backend.prepare(
            ConvolutionDescription(
                inputChannels: inception.inputChannels, outputChannels: channels, kernel: 1, activation: .relu
            ),
            ConvolutionWeights(
                values: values.flatMap(\.values), bias: values.flatMap(\.bias), outputChannels: channels,
                name: "\(key).*.0"))
    }

    func callAsFunction(_ input: B.Tensor) throws -> B.Tensor {
        let narrowed = inception.branches.reduce(0) { $0 + $1.middle }
        let buffer = try exits.backend.makeTensor(
            input.shape.with(channels: narrowed + inception.outputChannels))
        try exits.backend.convolve(
            input, with: entry, adding: nil, into: buffer.channels(0..<narrowed + inception.pointwise))
        var (middle, output) = (0, narrowed + inception.pointwise)
        for (index, branch) in inception.branches.enumerated() {
            try exits(
                "\(key).\(index + 1).3", buffer.channels(middle..<middle + branch.middle),
                into: buffer.channels(output..<output + branch.output))
            middle += branch.middle
            output += branch.output
        }
        return buffer.channels(narrowed..<narrowed + inception.outputChannels)
    }
}
