import Foundation
import Tensors

/// Every operation as its definition reads: plain loops, sums in double precision, no thought of speed.
///
/// Tests compare the fast backends with it. It is not part of the program.
public struct ReferenceBackend: Backend {
    public struct Convolution: Sendable {
        var description: ConvolutionDescription
        var weights: ConvolutionWeights
    }

    public var profile: Profile? { nil }
    public var sampleConversion: (any SampleConversion<ReferenceTensor>)? { ReferenceConversion(self) }

    public init() {}

    public func makeTensor(_ shape: Shape) -> ReferenceTensor { ReferenceTensor(shape) }

    public func upload(_ values: UnsafeBufferPointer<Float>, to tensor: ReferenceTensor) {
        tensor.fill { values[($0 * tensor.shape.height + $1) * tensor.shape.width + $2] }
    }

    public func download(_ tensor: ReferenceTensor, to values: UnsafeMutableBufferPointer<Float>) {
        for channel in 0..<tensor.shape.channels {
            for y in 0..<tensor.shape.height {
                for x in 0..<tensor.shape.width {
                    values[(channel * tensor.shape.height + y) * tensor.shape.width + x] =
                        tensor[channel, y, x]
                }
            }
        }
    }

    // MARK: Convolution

    public func prepare(_ description: ConvolutionDescription, _ weights: ConvolutionWeights) -> Convolution {
        Convolution(description: description, weights: weights)
    }

    public func convolve(
        _ input: ReferenceTensor, with convolution: Convolution, adding residual: ReferenceTensor?,
        into output: ReferenceTensor
    ) {
        let description = convolution.description
        let kernel = description.kernel
        output.fill { channel, y, x in
            var sum = Double(convolution.weights.bias[channel]) + Double(residual?[channel, y, x] ?? 0)
            for inputChannel in 0..<description.inputChannels {
                for ky in 0..<kernel {
                    for kx in 0..<kernel {
                        let weight = convolution.weights.values[
                            ((channel * description.inputChannels + inputChannel) * kernel + ky) * kernel + kx
                        ]
                        let value = input.padded(
                            inputChannel,
                            y * description.stride + ky * description.dilation - description.padding,
                            x * description.stride + kx * description.dilation - description.padding)
                        sum += Double(weight) * Double(value)
                    }
                }
            }
            switch description.activation {
            case .identity: return Float(sum)
            case .relu: return Float(max(sum, 0))
            case .leakyReLU(let slope): return Float(sum >= 0 ? sum : sum * Double(slope))
            }
        }
    }

    public func depthToSpace(_ input: ReferenceTensor, into output: ReferenceTensor) {
        output.fill { input[4 * $0 + 2 * ($1 % 2) + $2 % 2, $1 / 2, $2 / 2] }
    }

    // MARK: Resizing

    public func maxPool(_ input: ReferenceTensor, into output: ReferenceTensor) {
        output.fill { channel, y, x in
            max(
                input[channel, 2 * y, 2 * x], input[channel, 2 * y, 2 * x + 1],
                input[channel, 2 * y + 1, 2 * x],
                input[channel, 2 * y + 1, 2 * x + 1])
        }
    }

    public func averagePool(_ input: ReferenceTensor, into output: ReferenceTensor) {
        output.fill { channel, y, x in
            var sum = 0.0
            for dy in 0..<2 {
                for dx in 0..<2 { sum += Double(input[channel, 2 * y + dy, 2 * x + dx]) }
            }
            return Float(sum / 4)
        }
    }

    public func addUpsampledNearest(_ input: ReferenceTensor, to output: ReferenceTensor) {
        output.fill { output[$0, $1, $2] + input[$0, $1 / 2, $2 / 2] }
    }

    public func upsampleBilinear(
        _ input: ReferenceTensor, factor: Int, scale: TimedScale, adding residual: ReferenceTensor?,
        into output: ReferenceTensor
    ) {
        let scale = scale.value
        func position(_ output: Int, _ length: Int) -> (Int, Int, Double) {
            let exact = max(0, (Double(output) + 0.5) / Double(factor) - 0.5)
            return (Int(exact), min(Int(exact) + 1, length - 1), exact - Double(Int(exact)))
        }
        output.fill { channel, y, x in
            let (top, bottom, fy) = position(y, input.shape.height)
            let (left, right, fx) = position(x, input.shape.width)
            let above = (1 - fx) * Double(input[channel, top, left]) + fx * Double(input[channel, top, right])
            let below =
                (1 - fx) * Double(input[channel, bottom, left]) + fx * Double(input[channel, bottom, right])
            return Float(((1 - fy) * above + fy * below) * Double(scale)) + (residual?[channel, y, x] ?? 0)
        }
    }

    public func padReplicating(_ input: ReferenceTensor, left: Int, top: Int, into output: ReferenceTensor) {
        output.fill {
            input[
                $0, min(max($1 - top, 0), input.shape.height - 1),
                min(max($2 - left, 0), input.shape.width - 1)]
        }
    }

    public func crop(_ input: ReferenceTensor, left: Int, top: Int, into output: ReferenceTensor) {
        output.fill { input[$0, $1 + top, $2 + left] }
    }

    public func copy(_ input: ReferenceTensor, into output: ReferenceTensor) {
        output.fill { input[$0, $1, $2] }
    }

    public func copyRows(
        _ rows: Range<Int>, of input: ReferenceTensor, into output: ReferenceTensor, at row: Int
    ) {
        for channel in 0..<input.shape.channels {
            for (offset, y) in rows.enumerated() {
                for x in 0..<input.shape.width { output[channel, row + offset, x] = input[channel, y, x] }
            }
        }
    }

    // MARK: Pixels

    public func blend(
        _ first: ReferenceTensor, _ second: ReferenceTensor, at t: Float, into output: ReferenceTensor
    ) {
        output.fill { (1 - t) * first[$0, $1, $2] + t * second[$0, $1, $2] }
    }

    public func invertDepth(_ logDepth: ReferenceTensor, into output: ReferenceTensor) {
        output.fill { Float(1e-6 + exp(-Double(logDepth[$0, $1, $2]))) }
    }
}
