import CPUBackend
import Tensors
import Testing

@Suite struct ConvolutionTests {
    struct Case: Sendable, CustomStringConvertible {
        var channels: (Int, Int)
        var kernel = 3
        var stride = 1
        var dilation = 1
        var size: (Int, Int)
        var activation = Activation.identity
        var residual = false

        var geometry: ConvolutionDescription {
            ConvolutionDescription(
                inputChannels: channels.0, outputChannels: channels.1, kernel: kernel, stride: stride,
                dilation: dilation, activation: activation)
        }

        var description: String {
            "\(channels.0)→\(channels.1) \(kernel)×\(kernel) stride \(stride) dilation \(dilation) on \(size.0)×\(size.1)"
        }
    }

    /// Sizes around every tile boundary: vectors of 8, 16 and 24 pixels, tiles of 8 rows, four output channels a group.
    static let cases: [Case] = [
        Case(channels: (1, 1), size: (1, 1)),
        Case(channels: (3, 5), kernel: 7, size: (17, 1), activation: .relu),
        Case(channels: (3, 4), kernel: 7, size: (1, 23)),
        Case(channels: (2, 3), size: (7, 7), activation: .leakyReLU(slope: 0.1)),
        Case(channels: (5, 9), size: (24, 8), activation: .relu, residual: true),
        Case(channels: (5, 9), size: (25, 9), activation: .relu, residual: true),
        Case(channels: (4, 8), size: (41, 17), residual: true),
        Case(channels: (8, 2), kernel: 11, size: (33, 19), activation: .relu),
        Case(channels: (3, 6), kernel: 5, size: (47, 10)),
        Case(channels: (4, 4), dilation: 4, size: (19, 21), activation: .relu),
        Case(channels: (3, 5), dilation: 16, size: (37, 35)),
        Case(channels: (2, 4), dilation: 8, size: (5, 3)),
        Case(channels: (3, 16), stride: 2, size: (64, 64), activation: .leakyReLU(slope: 0.1)),
        Case(channels: (3, 7), stride: 2, size: (17, 33)),
        Case(channels: (2, 4), stride: 2, size: (1, 1)),
        Case(channels: (131, 6), size: (9, 9), activation: .relu),
        Case(channels: (40, 12), kernel: 7, size: (31, 12), activation: .relu, residual: true),
        Case(channels: (2, 5), size: (300, 3)),
        Case(channels: (2, 3), kernel: 7, size: (561, 9)),
        Case(channels: (7, 3), kernel: 1, size: (13, 11), activation: .relu),
        Case(
            channels: (64, 40), kernel: 1, size: (41, 43), activation: .leakyReLU(slope: 0.1), residual: true),
        Case(channels: (5, 6), kernel: 1, stride: 2, size: (9, 7)),
        // Tiles of 4 outputs, and of 14, 12, 10 and 6: one row and column less, exact, and more.
        Case(channels: (9, 4), size: (28, 13), activation: .relu, residual: true),
        Case(channels: (4, 5), size: (29, 42), activation: .leakyReLU(slope: 0.1)),
        Case(channels: (6, 4), kernel: 5, size: (36, 25), residual: true),
        Case(channels: (3, 9), kernel: 7, size: (30, 19), activation: .relu),
        Case(channels: (3, 8), kernel: 11, size: (18, 25), residual: true),
        // Phases of unequal size, and more phases than pixels.
        Case(channels: (5, 3), dilation: 2, size: (23, 30), activation: .relu, residual: true),
        Case(channels: (3, 2), kernel: 7, dilation: 3, size: (44, 31), residual: true),
        // Several bands of tiles.
        Case(channels: (80, 4), kernel: 7, size: (103, 99), activation: .relu, residual: true),
        Case(channels: (24, 23), size: (177, 175), residual: true),
        // Several bands whose steps are shared out, each of two blocks of channels.
        Case(channels: (230, 1), size: (179, 166), activation: .relu, residual: true),
    ]

    /// A case and an algorithm that applies to it; nil is the backend's own choice.
    struct Run: Sendable, CustomStringConvertible {
        var test: Case
        var algorithm: ConvolutionAlgorithm?
        var description: String { "\(test) by \(algorithm?.rawValue ?? "choice")" }
    }

    static let runs: [Run] = cases.flatMap { test in
        [Run(test: test)]
            + ConvolutionAlgorithm.allCases.filter { $0.applies(to: test.geometry) }.map {
                Run(test: test, algorithm: $0)
            }
    }

    @Test(arguments: runs) func agreesWithTheReference(_ run: Run) throws {
        var both = BothBackends(algorithm: run.algorithm)
        let test = run.test
        let description = test.geometry
        let weights = both.weights(description)
        let input = try both.input(Shape(channels: test.channels.0, height: test.size.1, width: test.size.0))
        let shape = description.outputShape(for: input.cpu.shape)
        let output = try both.output(shape)
        let residual = test.residual ? try both.input(shape) : nil
        try both.cpu.convolve(
            input.cpu, with: both.cpu.prepare(description, weights), adding: residual?.cpu, into: output.cpu)
        both.reference.convolve(
            input.reference, with: both.reference.prepare(description, weights), adding: residual?.reference,
            into: output.reference)
        // Up to 4,000 products of size 1 are summed: rounding grows with their number.
        try both.expectEqual(output, tolerance: 1e-4, "\(run)")
    }

    @Test(arguments: ConvolutionAlgorithm.allCases) func theResidualMayBeTheOutput(
        _ algorithm: ConvolutionAlgorithm
    ) throws {
        var both = BothBackends(algorithm: algorithm)
        let description = ConvolutionDescription(
            inputChannels: 70, outputChannels: 6, kernel: algorithm == .product ? 1 : 3, activation: .relu)
        let weights = both.weights(description)
        let shape = Shape(channels: 6, height: 21, width: 29)
        let input = try both.input(shape.with(channels: 70))
        let output = try both.input(shape)
        try both.cpu.convolve(
            input.cpu, with: both.cpu.prepare(description, weights), adding: output.cpu, into: output.cpu)
        both.reference.convolve(
            input.reference, with: both.reference.prepare(description, weights), adding: output.reference,
            into: output.reference)
        try both.expectEqual(output, tolerance: 5e-5)
    }

    @Test(arguments: ConvolutionAlgorithm.allCases) func resultsDoNotDependOnTheNumberOfThreads(
        _ algorithm: ConvolutionAlgorithm
    ) throws {
        let shape = Shape(channels: 37, height: 45, width: 83)
        let description = ConvolutionDescription(
            inputChannels: 37, outputChannels: 10, kernel: algorithm == .product ? 1 : 3, activation: .relu)
        let results = try [1, 2, 5].map { threads -> [Float] in
            var both = BothBackends(threads: threads, algorithm: algorithm)
            let weights = both.weights(description)
            let input = try both.input(shape)
            let output = try both.cpu.makeTensor(shape.with(channels: 10))
            try both.cpu.convolve(
                input.cpu, with: both.cpu.prepare(description, weights), adding: nil, into: output)
            var values = [Float](repeating: 0, count: output.shape.count)
            try values.withUnsafeMutableBufferPointer { try both.cpu.download(output, to: $0) }
            return values
        }
        #expect(results[0] == results[1])
        #expect(results[0] == results[2])
    }

    /// Rounding in float32 may cost a small multiple of its unit (6e-8) times the sum of the products' magnitudes, which
    /// is the convolution of the absolute values.
    @Test(
        arguments: [3, 5, 7, 11].flatMap { kernel in
            ConvolutionAlgorithm.allCases.map { (kernel, $0) }
        })
    func roundingStaysSmallBesideTheSumOfMagnitudes(_ kernel: Int, _ algorithm: ConvolutionAlgorithm) throws {
        let description = ConvolutionDescription(inputChannels: 64, outputChannels: 4, kernel: kernel)
        guard algorithm.applies(to: description) else { return }
        var both = BothBackends(algorithm: algorithm)
        let shape = Shape(channels: 64, height: 24, width: 31)
        let weights = both.weights(description)
        // Images are positive and smooth: sums are large, and differences between them are what transforms lose.
        let values = both.values(shape.count, in: 0.4...0.6)
        let input = try both.tensor(shape, values)
        let output = try both.output(shape.with(channels: 4))
        let magnitudes = both.reference.makeTensor(shape.with(channels: 4))
        try both.cpu.convolve(
            input.cpu, with: both.cpu.prepare(description, weights), adding: nil, into: output.cpu)
        both.reference.convolve(
            input.reference, with: both.reference.prepare(description, weights), adding: nil,
            into: output.reference)
        let absolute = ConvolutionWeights(values: weights.values.map(abs), bias: nil, outputChannels: 4)
        both.reference.convolve(
            input.reference, with: both.reference.prepare(description, absolute), adding: nil,
            into: magnitudes)
        var (computed, expected) = (both.zeros(output.cpu.shape), both.zeros(output.cpu.shape))
        var sums = expected
        try computed.withUnsafeMutableBufferPointer { try both.cpu.download(output.cpu, to: $0) }
        expected.withUnsafeMutableBufferPointer { both.reference.download(output.reference, to: $0) }
        sums.withUnsafeMutableBufferPointer { both.reference.download(magnitudes, to: $0) }
        let worst = zip(zip(computed, expected), sums).map { abs($0.0 - $0.1) / $1 }.max() ?? .infinity
        #expect(worst <= 2e-7, "\(worst)")
    }

    @Test func aWrongNumberOfWeightsIsAnError() throws {
        let description = ConvolutionDescription(inputChannels: 2, outputChannels: 3, kernel: 3)
        #expect(throws: TensorError.self) {
            try CPUBackend().prepare(
                description, ConvolutionWeights(values: [1, 2], bias: nil, outputChannels: 3))
        }
    }
}
