import CPUBackend
import ReferenceBackend
import Tensors
import Testing

/// The same operation on the CPU backend and on the reference, from the same random values.
///
/// Tensors lie inside larger ones with guard channels before and behind, so that a write outside is noticed; outputs start as
/// NaN, so that a value that was never written is too.
struct BothBackends {
    let cpu: CPUBackend
    let reference = ReferenceBackend()
    private var random: SplitMix

    init(threads: Int = 2, seed: UInt64 = 1, algorithm: ConvolutionAlgorithm? = nil) {
        cpu = CPUBackend(threads: threads, forcedAlgorithm: algorithm)
        random = SplitMix(state: seed)
    }

    /// A tensor on both sides.
    struct Pair {
        let cpu: CPUTensor
        let reference: ReferenceTensor
        fileprivate let guarded: CPUTensor
    }

    mutating func values(_ count: Int, in range: ClosedRange<Float>) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &random) }
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
        try tensor(shape, values(shape.count, in: range))
    }

    func output(_ shape: Shape) throws -> Pair {
        try tensor(shape, [Float](repeating: .nan, count: shape.count))
    }

    func tensor(_ shape: Shape, _ values: [Float]) throws -> Pair {
        let guarded = try cpu.makeTensor(shape.with(channels: shape.channels + 2))
        let border = [Float](repeating: Self.guardValue, count: guarded.shape.count)
        try border.withUnsafeBufferPointer { try cpu.upload($0, to: guarded) }
        let inner = guarded.channels(1..<shape.channels + 1)
        let reference = reference.makeTensor(shape)
        try values.withUnsafeBufferPointer {
            try cpu.upload($0, to: inner)
            self.reference.upload($0, to: reference)
        }
        return Pair(cpu: inner, reference: reference, guarded: guarded)
    }

    /// Checks that both sides agree to `tolerance`, element by element, and that the guards are whole.
    ///
    /// The tolerance is absolute for values up to 1 and relative above: float32 sums in another order differ by rounding.
    func expectEqual(
        _ pair: Pair, tolerance: Float = 1e-5, _ comment: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let shape = pair.cpu.shape
        var computed = [Float](repeating: 0, count: shape.count)
        var expected = computed
        try computed.withUnsafeMutableBufferPointer { try cpu.download(pair.cpu, to: $0) }
        expected.withUnsafeMutableBufferPointer { reference.download(pair.reference, to: $0) }
        var worst: (difference: Float, index: Int) = (0, 0)
        for index in computed.indices {
            let difference = abs(computed[index] - expected[index]) / max(1, abs(expected[index]))
            if !(difference <= worst.difference), !worst.difference.isNaN { worst = (difference, index) }
        }
        #expect(
            worst.difference <= tolerance,
            "\(comment) \(shape): worst at \(worst.index): \(computed[worst.index]), expected \(expected[worst.index])",
            sourceLocation: sourceLocation)
        var all = [Float](repeating: 0, count: pair.guarded.shape.count)
        try all.withUnsafeMutableBufferPointer { try cpu.download(pair.guarded, to: $0) }
        let guards = all.prefix(shape.planeCount) + all.suffix(shape.planeCount)
        #expect(
            guards.allSatisfy { $0 == Self.guardValue }, "\(comment) \(shape): wrote outside its channels",
            sourceLocation: sourceLocation)
    }

    private static let guardValue: Float = 12345.5
}

/// A small generator with a seed: tests draw the same values in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
