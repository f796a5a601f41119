import CCUDA
import Synchronization
import Tensors

/// A convolution's weights on the GPU, in the layouts that they are used in, and the plans for the sizes seen so far.
public final class CUDAConvolution: @unchecked Sendable {
    let description: ConvolutionDescription
    let name: String
    private let values: ConvolutionWeights
    private let pool: MemoryPool
    private let device: CUDADevice
    private let packed = Mutex<[Packing: PackedWeights]>([:])
    /// Guarded by `planning`. Under the plain form of each geometry.
    private var plans: [ConvolutionGeometry: Result<ConvolutionPlan, any Error>] = [:]
    private let planning = Mutex(())

    /// How weights are laid out.
    enum Packing: Hashable {
        /// For cuDNN: [output][row][column][input] in a form, with zeros for padded channels.
        case matrix(inputs: Int, outputs: Int, isHalf: Bool, form: ConvolutionForm, biasIsFloat: Bool = false)
        /// For the project's own kernels: [row][column][input][output], with zeros for padded inputs.
        case narrow(inputs: Int)
    }

    struct PackedWeights {
        var weights: MemoryBlock
        var bias: MemoryBlock
    }

    init(
        _ description: ConvolutionDescription, _ weights: ConvolutionWeights, device: CUDADevice,
        pool: MemoryPool
    ) {
        self.description = description
        self.device = device
        self.pool = pool
        name = weights.name
        values = weights
    }

    func weights(_ packing: Packing) throws -> PackedWeights {
        try packed.withLock { packed in
            if let known = packed[packing] { return known }
            let made =
                switch packing {
                case .matrix(let inputs, let outputs, let isHalf, let form, let biasIsFloat):
                    try matrix(inputs, outputs, isHalf, form, biasIsHalf: isHalf && !biasIsFloat)
                case .narrow(let inputs): try narrow(inputs)
                }
            packed[packing] = made
            return made
        }
    }

    /// The plan for a geometry, found by `choose` the first time; or the error that this gave.
    func plan(_ geometry: ConvolutionGeometry, _ choose: () throws -> ConvolutionPlan) throws
        -> ConvolutionPlan
    {
        try planning.withLock { _ in
            if let known = plans[geometry] { return try known.get() }
            let made = Result(catching: choose)
            // Memory that ran out may be there the next time.
            if case .failure(let error) = made, error is TensorError { throw error }
            plans[geometry] = made
            return try made.get()
        }
    }

    /// `inputs` and `outputs` of the plain form.
    private func matrix(
        _ inputs: Int, _ outputs: Int, _ isHalf: Bool, _ form: ConvolutionForm, biasIsHalf: Bool
    ) throws -> PackedWeights {
        let kernel = description.kernel
        let matrix = WeightMatrix(
            form: form, description: description, inputs: inputs, outputs: outputs, isHalf: isHalf)
        var weights = [Float](repeating: 0, count: matrix.count)
        for output in 0..<description.outputChannels {
            for input in 0..<description.inputChannels {
                let from = (output * description.inputChannels + input) * kernel * kernel
                for row in 0..<kernel {
                    for column in 0..<kernel {
                        let value = values.values[from + row * kernel + column]
                        for pixel in 0..<matrix.pixels {
                            weights[matrix.index(output, pixel, row, column, input)] = value
                        }
                    }
                }
            }
        }
        let padded = values.bias + [Float](repeating: 0, count: outputs - values.bias.count)
        let bias = Array(repeatElement(padded, count: matrix.pixels).joined())
        return PackedWeights(
            weights: try onDevice(weights, isHalf: isHalf), bias: try onDevice(bias, isHalf: biasIsHalf))
    }

    private func narrow(_ inputs: Int) throws -> PackedWeights {
        let (taps, outputs) = (description.kernel * description.kernel, description.outputChannels)
        var weights = [Float](repeating: 0, count: taps * inputs * outputs)
        for output in 0..<outputs {
            for input in 0..<description.inputChannels {
                let from = (output * description.inputChannels + input) * taps
                for tap in 0..<taps {
                    weights[(tap * inputs + input) * outputs + output] = values.values[from + tap]
                }
            }
        }
        return PackedWeights(
            weights: try onDevice(weights, isHalf: false), bias: try onDevice(values.bias, isHalf: false))
    }

    private func onDevice(_ values: [Float], isHalf: Bool) throws -> MemoryBlock {
        let block = try pool.allocate(values.count * (isHalf ? 2 : 4))
        func copy(_ bytes: UnsafeRawBufferPointer) throws {
            try device.copy(bytes, to: block.address)
            // The values go away when this returns.
            try device.synchronize()
        }
        if isHalf {
            try values.map { HalfPrecision.bits($0) }.withUnsafeBytes(copy)
        } else {
            try values.withUnsafeBytes(copy)
        }
        return block
    }
}

/// Where a form's weights are.
private struct WeightMatrix {
    let form: ConvolutionForm
    let kernel: Int
    let inputs: Int
    let outputs: Int
    let realInputs: Int
    private let wide: WideLayout?

    init(form: ConvolutionForm, description: ConvolutionDescription, inputs: Int, outputs: Int, isHalf: Bool)
    {
        (self.form, self.inputs, self.outputs) = (form, inputs, outputs)
        (kernel, realInputs) = (description.kernel, description.inputChannels)
        wide = form.isOwn ? WideLayout(description, isHalf: isHalf) : nil
    }

    var pixels: Int {
        if case .pixels(let count) = form { return count }
        return wide?.pixels ?? 1
    }

    private var computedInputs: Int {
        form == .columns ? ConvolutionGeometry.columns(realInputs, kernel) : inputs
    }
    private var columns: Int { form == .columns ? 1 : kernel + pixels - 1 }
    var count: Int { wide?.weightCount ?? outputs * pixels * kernel * columns * computedInputs }

    /// The pixel is which of those that count as one.
    func index(_ output: Int, _ pixel: Int, _ row: Int, _ column: Int, _ input: Int) -> Int {
        if let wide { return wide.index(output, pixel, row, column, input) }
        let (column, channel) =
            form == .columns ? (0, column * realInputs + input) : (column + pixel, input)
        return (((pixel * outputs + output) * kernel + row) * columns + column) * computedInputs + channel
    }
}

/// IEEE half precision, for compilers whose target has no `Float16`.
package enum HalfPrecision {
    /// The nearest, ties to even; what is too large becomes the largest.
    package static func bits(_ value: Float) -> UInt16 {
        let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
        let magnitude = value.magnitude
        guard magnitude < 65504 else { return sign | (value.isNaN ? 0x7e00 : 0x7bff) }
        if magnitude < 0x1p-14 {
            // Subnormal: multiples of 2^-24.
            return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
        }
        // Thirteen bits of the mantissa go; a carry into the exponent is right.
        let bits = magnitude.bitPattern - 0x3800_0000
        return sign | UInt16((bits + 0x0fff + ((bits >> 13) & 1)) >> 13)
    }
}
