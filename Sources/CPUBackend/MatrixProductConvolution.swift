import Tensors

/// A 1×1 convolution as one matrix product, `[O, C] · [C, pixels]`.
///
/// The pixels are cut into chunks of fixed size that the threads share out. A chunk is copied into the blocks that the
/// product of the transformed convolutions reads (``PlaneProduct``): one value copied for `O` multiply-adds.
///
/// OpenBLAS is not faster at it, and waits for ever where the system refuses it the 128 MB that it takes for each thread.
struct MatrixProductConvolution: Sendable {
    /// Values of a packed chunk, meant to stay in the second-level cache while all outputs pass over it.
    private static let chunkValues = 48 * 1024

    let description: ConvolutionDescription
    /// `[output / 4][input, padded to even][4]`.
    private let filters: [Float]
    private let bias: [Float]

    private var groups: Int { (description.outputChannels + PlaneProduct.group - 1) / PlaneProduct.group }
    private var filterChannels: Int { (description.inputChannels + 1) / 2 * 2 }

    init(_ description: ConvolutionDescription, _ values: ConvolutionWeights) {
        precondition(description.kernel == 1 && description.stride == 1, "a matrix product has one tap")
        self.description = description
        bias = values.bias
        let (inputs, outputs) = (description.inputChannels, description.outputChannels)
        let padded = (inputs + 1) / 2 * 2
        var filters = [Float](repeating: 0, count: (outputs + 3) / 4 * 4 * padded)
        for output in 0..<outputs {
            for input in 0..<inputs {
                filters[(output / 4 * padded + input) * 4 + output % 4] =
                    values.values[output * inputs + input]
            }
        }
        self.filters = filters
    }

    func callAsFunction(
        _ input: CPUTensor, adding residual: CPUTensor?, into output: CPUTensor, threads: Int,
        in workspace: Workspace
    ) throws {
        nonisolated(unsafe) let (source, target, addend) = (input.pointer, output.pointer, residual?.pointer)
        let pixels = output.shape.planeCount
        let inputs = description.inputChannels
        let chunk = max(1, Self.chunkValues / inputs / PlaneProduct.blockWidth) * PlaneProduct.blockWidth
        let chunks = (pixels + chunk - 1) / chunk
        let count = chunk * (inputs + groups * PlaneProduct.group)
        let buffers = try (0..<min(threads, chunks)).map { _ in try workspace.take(count) }
        defer { buffers.forEach(workspace.giveBack) }
        parallelFor(chunks, threads: threads) { index, worker in
            let start = index * chunk
            let width = min(chunk, pixels - start)
            let product = PlaneProduct(
                inputChannels: inputs, filterChannels: filterChannels, groups: groups,
                vectors: (width + 7) / 8)
            let tiles = buffers[worker].base
            let products = tiles + chunk * inputs
            for block in 0..<product.blocks {
                pack(block, of: product, source + start, width, pixels: pixels, into: tiles)
            }
            filters.withUnsafeBufferPointer {
                product(
                    $0.baseAddress!, tiles, channels: 0..<inputs, into: products, blocks: 0..<product.blocks)
            }
            for block in 0..<product.blocks {
                unpack(
                    block, of: product, products, width, adding: addend.map { $0 + start },
                    to: target + start, pixels: pixels)
            }
        }
    }

    /// Copies a block's pixels of all channels; those past the last are zero.
    private func pack(
        _ block: Int, of product: PlaneProduct, _ source: UnsafePointer<Float>, _ width: Int, pixels: Int,
        into tiles: UnsafeMutablePointer<Float>
    ) {
        let (first, lanes) = (block * PlaneProduct.blockWidth, product.width(block))
        let present = min(lanes, width - first)
        var to = tiles + first * product.inputChannels
        var from = source + first
        for _ in 0..<product.inputChannels {
            if present == lanes {
                for lane in stride(from: 0, to: lanes, by: 8) {
                    Vector(unaligned: from + lane).store(unaligned: to + lane)
                }
            } else {
                to.update(from: from, count: present)
                (to + present).update(repeating: 0, count: lanes - present)
            }
            to += lanes
            from += pixels
        }
    }

    /// Adds bias and residual to a block's sums, activates, and writes them where they belong.
    private func unpack(
        _ block: Int, of product: PlaneProduct, _ products: UnsafePointer<Float>, _ width: Int,
        adding residual: UnsafePointer<Float>?, to target: UnsafeMutablePointer<Float>, pixels: Int
    ) {
        let (first, lanes) = (block * PlaneProduct.blockWidth, product.width(block))
        let present = min(lanes, width - first)
        let whole = present / 8 * 8
        let activation = description.activation.vector
        for channel in 0..<description.outputChannels {
            let from = products + first * product.outputChannels + channel * lanes
            let to = target + channel * pixels + first
            let other = residual.map { $0 + channel * pixels + first }
            for lane in stride(from: 0, to: whole, by: 8) {
                var sum = Vector(unaligned: from + lane) + bias[channel]
                if let other { sum += Vector(unaligned: other + lane) }
                sum.activated(activation).store(unaligned: to + lane)
            }
            for lane in whole..<present {
                let sum = from[lane] + bias[channel] + (other?[lane] ?? 0)
                to[lane] = sum >= 0 ? sum : sum * activation.slope
            }
        }
    }
}
