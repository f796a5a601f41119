import ReferenceBackend
import Tensors

/// The same operation on a backend and on the reference, from the same random values.
///
/// Tensors lie inside larger ones with guard channels before and behind, so that a write outside is noticed; outputs start as
/// NaN, so that a value that was never written is too. With one guard channel no address is aligned for vectors; with
/// eight all are where the channels allow it.
package struct BackendPair<B: Backend> {
    let backend: B
    let guards: Int
    package let reference = ReferenceBackend()
    private var random: SplitMix

    package init(_ backend: B, guards: Int, seed: UInt64 = 1) {
        self.backend = backend
        self.guards = guards
        random = SplitMix(state: seed)
    }

    /// A tensor on both sides.
    package struct Pair {
        package let tested: B.Tensor
        package let reference: ReferenceTensor
        package let guarded: B.Tensor
        fileprivate let content: TensorContent
    }

    package mutating func values(_ count: Int, in range: ClosedRange<Float>) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &random) }
    }

    /// Weights and biases from -1 to 1, divided by the root of their number, so that sums stay near 1.
    mutating func weights(_ description: ConvolutionDescription) -> ConvolutionWeights {
        let outputs = description.outputChannels
        let each = description.inputChannels * description.kernel * description.kernel
        let bound = 1.7 / Float(each).squareRoot()
        return ConvolutionWeights(
            values: values(outputs * each, in: -bound...bound), bias: values(outputs, in: -1...1),
            outputChannels: outputs,
            name: "check")
    }

    package mutating func input(
        _ shape: Shape, in range: ClosedRange<Float> = -1...1, as content: TensorContent = .features
    ) throws -> Pair {
        try tensor(shape, values(shape.count, in: range), as: content)
    }

    package func output(_ shape: Shape, as content: TensorContent = .features) throws -> Pair {
        try tensor(shape, [Float](repeating: .nan, count: shape.count), as: content)
    }

    package func tensor(_ shape: Shape, _ values: [Float], as content: TensorContent = .features) throws
        -> Pair
    {
        let guarded = try backend.makeTensor(shape.with(channels: shape.channels + 2 * guards), as: content)
        let border = [Float](repeating: Self.guardValue, count: guarded.shape.count)
        try border.withUnsafeBufferPointer { try backend.upload($0, to: guarded) }
        let inner = guarded.channels(guards..<shape.channels + guards)
        let reference = reference.makeTensor(shape)
        try values.withUnsafeBufferPointer { try backend.upload($0, to: inner) }
        // What the backend stores is what both sides compute from.
        var stored = values
        try stored.withUnsafeMutableBufferPointer { try backend.download(inner, to: $0) }
        stored.withUnsafeBufferPointer { self.reference.upload($0, to: reference) }
        return Pair(tested: inner, reference: reference, guarded: guarded, content: content)
    }

    /// Compares both sides element by element: `tolerance` is absolute for values up to 1 and relative above.
    package func compare(_ pair: Pair, _ name: String, tolerance: Float) throws -> OperationCheck {
        let shape = pair.tested.shape
        var computed = [Float](repeating: 0, count: shape.count)
        var expected = computed
        try computed.withUnsafeMutableBufferPointer { try backend.download(pair.tested, to: $0) }
        expected.withUnsafeMutableBufferPointer { reference.download(pair.reference, to: $0) }
        var check = OperationCheck(name: "\(name), \(shape), guards \(guards)", tolerance: tolerance)
        for index in computed.indices {
            let difference = abs(computed[index] - expected[index]) / max(1, abs(expected[index]))
            if !(difference <= check.worst), !check.worst.isNaN {
                check.worst = difference
                check.detail = "\(computed[index]) at \(index), expected \(expected[index])"
            }
        }
        var all = [Float](repeating: 0, count: pair.guarded.shape.count)
        try all.withUnsafeMutableBufferPointer { try backend.download(pair.guarded, to: $0) }
        let border = guards * shape.planeCount
        if !(all.prefix(border) + all.suffix(border)).allSatisfy({ $0 == Self.guardValue }) {
            check.worst = .infinity
            check.detail = "wrote outside its channels"
        }
        return check
    }

    /// Exact in half precision.
    private static var guardValue: Float { 1234 }
}

/// What became of one comparison.
public struct OperationCheck: Sendable {
    public var name: String
    public var tolerance: Float
    public var worst: Float = 0
    public var detail = ""
    /// A value that is not a number fails.
    public var passes: Bool { worst <= tolerance }
}

/// A small generator with a seed: checks draw the same values in every run.
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
