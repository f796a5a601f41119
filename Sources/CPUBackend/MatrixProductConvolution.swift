import COpenBLAS
import Tensors

/// A 1×1 convolution as one matrix product, `[O, C] · [C, pixels]`, by OpenBLAS.
///
/// The pixels are cut into chunks of fixed size that the threads share out; OpenBLAS itself is pinned to one
/// thread, so that there is one pool of threads and results do not depend on its size.
struct MatrixProductConvolution: Sendable {
    /// Columns of one product: a chunk's result stays in the second-level cache until it is activated.
    private static let chunk = 768

    let description: ConvolutionDescription
    private let values: ConvolutionWeights

    init(_ description: ConvolutionDescription, _ values: ConvolutionWeights) {
        precondition(description.kernel == 1 && description.stride == 1, "a matrix product has one tap")
        self.description = description
        self.values = values
    }

    func callAsFunction(_ input: CPUTensor, adding residual: CPUTensor?, into output: CPUTensor, threads: Int)
    {
        nonisolated(unsafe) let (source, target, addend) = (input.pointer, output.pointer, residual?.pointer)
        let pixels = output.shape.planeCount
        let channels = description.outputChannels
        parallelFor((pixels + Self.chunk - 1) / Self.chunk, threads: threads) { index in
            let start = index * Self.chunk
            let count = min(Self.chunk, pixels - start)
            for channel in 0..<channels {
                let row = target + channel * pixels + start
                if let addend {
                    let other = addend + channel * pixels + start
                    for pixel in 0..<count { row[pixel] = other[pixel] + values.bias[channel] }
                } else {
                    row.update(repeating: values.bias[channel], count: count)
                }
            }
            values.values.withUnsafeBufferPointer { weights in
                cblas_sgemm(
                    CblasRowMajor, CblasNoTrans, CblasNoTrans, numericCast(channels), numericCast(count),
                    numericCast(description.inputChannels), 1, weights.baseAddress,
                    numericCast(description.inputChannels), source + start, numericCast(pixels), 1,
                    target + start, numericCast(pixels))
            }
            let activation = description.activation.vector
            if activation.isIdentity { return }
            for channel in 0..<channels {
                activate(target + channel * pixels + start, count: count, activation)
            }
        }
    }
}

/// Applies an activation in place.
func activate(_ values: UnsafeMutablePointer<Float>, count: Int, _ activation: VectorActivation) {
    for index in 0..<count {
        let value = values[index]
        values[index] = value >= 0 ? value : value * activation.slope
    }
}
