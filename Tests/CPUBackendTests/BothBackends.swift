import BackendChecks
import CPUBackend
import ReferenceBackend
import Tensors
import Testing

/// The same operation on the CPU backend and on the reference: ``BackendPair``, for tests of single operations.
struct BothBackends {
    typealias Pair = BackendPair<CPUBackend>.Pair

    let cpu: CPUBackend
    var reference: ReferenceBackend { sides.reference }
    private var sides: BackendPair<CPUBackend>

    init(threads: Int = 2, algorithm: ConvolutionAlgorithm? = nil) {
        cpu = CPUBackend(threads: threads, forcedAlgorithm: algorithm)
        sides = BackendPair(cpu, guards: 1)
    }

    mutating func values(_ count: Int, in range: ClosedRange<Float>) -> [Float] {
        sides.values(count, in: range)
    }

    /// Weights and biases from -1 to 1.
    mutating func weights(_ description: ConvolutionDescription) -> ConvolutionWeights {
        let outputs = description.outputChannels
        let count = outputs * description.inputChannels * description.kernel * description.kernel
        return ConvolutionWeights(
            values: values(count, in: -1...1), bias: values(outputs, in: -1...1), outputChannels: outputs)
    }

    func zeros(_ shape: Shape) -> [Float] { [Float](repeating: 0, count: shape.count) }

    mutating func input(_ shape: Shape, in range: ClosedRange<Float> = -1...1) throws -> Pair {
        try sides.input(shape, in: range)
    }

    func output(_ shape: Shape) throws -> Pair { try sides.output(shape) }

    func tensor(_ shape: Shape, _ values: [Float]) throws -> Pair { try sides.tensor(shape, values) }

    /// Checks that both sides agree to `tolerance`, and that the guards are whole.
    ///
    /// The tolerance is absolute for values up to 1 and relative above: float32 sums in another order differ by rounding.
    func expectEqual(
        _ pair: Pair, tolerance: Float = 1e-5, _ comment: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let check = try sides.compare(pair, comment, tolerance: tolerance)
        #expect(
            check.passes, "\(check.name): worst \(check.worst), \(check.detail)",
            sourceLocation: sourceLocation)
    }
}

extension BackendPair.Pair where B == CPUBackend {
    var cpu: CPUTensor { tested }
}
