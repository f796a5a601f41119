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
    ]

    @Test(arguments: cases) func agreesWithTheReference(_ test: Case) throws {
        var both = BothBackends()
        let description = ConvolutionDescription(
            inputChannels: test.channels.0, outputChannels: test.channels.1, kernel: test.kernel,
            stride: test.stride, dilation: test.dilation, activation: test.activation)
        let count = test.channels.0 * test.channels.1 * test.kernel * test.kernel
        let weights = ConvolutionWeights(
            values: both.values(count, in: -1...1), bias: both.values(test.channels.1, in: -1...1),
            outputChannels: test.channels.1)
        let input = try both.input(Shape(channels: test.channels.0, height: test.size.1, width: test.size.0))
        let shape = description.outputShape(for: input.cpu.shape)
        let output = try both.output(shape)
        let residual = test.residual ? try both.input(shape) : nil
        try both.cpu.convolve(
            input.cpu, with: both.cpu.prepare(description, weights), adding: residual?.cpu, into: output.cpu)
        both.reference.convolve(
            input.reference, with: both.reference.prepare(description, weights), adding: residual?.reference,
            into: output.reference)
        // Up to 2,000 products of size 1 are summed: rounding grows with the root of that.
        try both.expectEqual(output, tolerance: 5e-5, "\(test)")
    }

    @Test func theResidualMayBeTheOutput() throws {
        var both = BothBackends()
        let description = ConvolutionDescription(
            inputChannels: 70, outputChannels: 6, kernel: 3, activation: .relu)
        let weights = ConvolutionWeights(
            values: both.values(70 * 6 * 9, in: -1...1), bias: nil, outputChannels: 6)
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

    @Test(arguments: [1, 3]) func resultsDoNotDependOnTheNumberOfThreads(_ kernel: Int) throws {
        let shape = Shape(channels: 37, height: 45, width: 83)
        let description = ConvolutionDescription(
            inputChannels: 37, outputChannels: 10, kernel: kernel, activation: .relu)
        let results = try [1, 2, 5].map { threads -> [Float] in
            var both = BothBackends(threads: threads)
            let weights = ConvolutionWeights(
                values: both.values(370 * kernel * kernel, in: -1...1), bias: nil, outputChannels: 10)
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

    @Test func aWrongNumberOfWeightsIsAnError() throws {
        let description = ConvolutionDescription(inputChannels: 2, outputChannels: 3, kernel: 3)
        #expect(throws: TensorError.self) {
            try CPUBackend().prepare(
                description, ConvolutionWeights(values: [1, 2], bias: nil, outputChannels: 3))
        }
    }
}
