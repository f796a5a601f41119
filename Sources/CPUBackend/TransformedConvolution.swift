import Tensors

/// Convolution of stride 1 by a transform that turns it into products of single values, summed over input channels.
///
/// The output is cut into tiles, the tiles into bands of bounded memory. Each band goes through three steps: transform all
/// input channels of its tiles; one matrix product for each plane of the transform; transform back, add bias and
/// residual, activate. Either the bands are shared out among the threads, or each step of each band is (`BandPlan`).
///
/// A sum runs over the input channels one by one, however tiles and channels are cut: results do not depend on the number of
/// threads.
struct TransformedConvolution<Transform: TileTransform>: Sendable {
    let description: ConvolutionDescription
    private let transform: Transform
    /// `[plane][output / 4][input, padded to even][4]`.
    private let filters: Storage
    private let filterStride: Int
    private let bias: [Float]

    private var groups: Int { (description.outputChannels + PlaneProduct.group - 1) / PlaneProduct.group }
    private var filterChannels: Int { (description.inputChannels + 1) / 2 * 2 }

    /// Transforms the filters, on `threads` threads.
    init(
        _ description: ConvolutionDescription, _ values: ConvolutionWeights, by transform: Transform,
        threads: Int, meter: MemoryMeter
    ) throws {
        precondition(description.stride == 1, "tiles of outputs are tiles of inputs")
        self.description = description
        self.transform = transform
        bias = values.bias
        let groups = (description.outputChannels + PlaneProduct.group - 1) / PlaneProduct.group
        let filterChannels = (description.inputChannels + 1) / 2 * 2
        filterStride = groups * filterChannels * PlaneProduct.group
        filters = try Storage(count: transform.planes * filterStride, meter: meter)
        nonisolated(unsafe) let target = filters.base
        let planeStride = filterStride
        parallelFor(groups, threads: threads) { group in
            let taps = description.kernel * description.kernel
            withUnsafeTemporaryAllocation(of: Vector.self, capacity: taps + transform.workCount) { scratch in
                let (tapVectors, work) = (scratch.baseAddress!, scratch.baseAddress! + taps)
                // Lanes are the four outputs of a group for two neighbouring input channels: eight values in a row.
                for pair in stride(from: 0, to: filterChannels, by: 2) {
                    for tap in 0..<taps {
                        var vector = Vector(repeating: 0)
                        for lane in 0..<8 {
                            let (output, input) = (group * PlaneProduct.group + lane % 4, pair + lane / 4)
                            if output < description.outputChannels, input < description.inputChannels {
                                vector[lane] =
                                    values.values[(output * description.inputChannels + input) * taps + tap]
                            }
                        }
                        tapVectors[tap] = vector
                    }
                    transform.filter(
                        tapVectors, work: work,
                        to: target + (group * filterChannels + pair) * PlaneProduct.group, stride: planeStride
                    )
                }
            }
        }
    }

    func callAsFunction(
        _ input: CPUTensor, adding residual: CPUTensor?, into output: CPUTensor, threads: Int,
        in workspace: Workspace
    ) throws {
        let grid = TileGrid(
            output.shape, dilation: description.dilation, outputSize: transform.outputSize)
        let plan = BandPlan(
            tiles: grid.count, planes: transform.planes, inputChannels: description.inputChannels,
            outputChannels: groups * PlaneProduct.group, threads: threads)
        let product = PlaneProduct(
            inputChannels: plan.channelsPerBlock, filterChannels: filterChannels, groups: groups,
            vectors: plan.vectorsPerBand)
        let tileStride = Self.planeStride(product.vectors * 8 * product.inputChannels)
        let productStride = Self.planeStride(product.vectors * 8 * product.outputChannels)
        let tileCount = transform.planes * tileStride
        let count = tileCount + transform.planes * productStride
        nonisolated(unsafe) let (source, target, addend) = (input.pointer, output.pointer, residual?.pointer)

        @Sendable func run(_ index: Int, _ memory: UnsafeMutablePointer<Float>, threads: Int) {
            let band = Band(
                convolution: self, grid: grid, product: product,
                firstTile: index * 8 * plan.vectorsPerBand, tiles: memory, tileStride: tileStride,
                products: memory + tileCount, productStride: productStride)
            for first in stride(from: 0, to: description.inputChannels, by: plan.channelsPerBlock) {
                let channels = first..<min(description.inputChannels, first + plan.channelsPerBlock)
                band.transformInput(source, channels: channels, threads: threads)
                band.multiply(channels: channels, threads: threads)
            }
            band.transformOutput(adding: addend, into: target, threads: threads)
        }
        if plan.isSharedOut {
            let buffers = try (0..<min(threads, plan.bands)).map { _ in try workspace.take(count) }
            defer { buffers.forEach(workspace.giveBack) }
            parallelFor(plan.bands, threads: threads) { index, worker in
                run(index, buffers[worker].base, threads: 1)
            }
        } else {
            let buffer = try workspace.take(count)
            defer { workspace.giveBack(buffer) }
            for index in 0..<plan.bands { run(index, buffer.base, threads: threads) }
        }
    }

    /// The distance of planes: whole cache lines, and an odd number of them, so that the values of one tile spread over
    /// all sets of the caches.
    private static func planeStride(_ count: Int) -> Int {
        let lines = (count + 15) / 16
        return 16 * (lines | 1)
    }
}

extension TransformedConvolution {
    /// The three steps of one band.
    private struct Band: @unchecked Sendable {
        let convolution: TransformedConvolution
        let grid: TileGrid
        let product: PlaneProduct
        let firstTile: Int
        let tiles: UnsafeMutablePointer<Float>
        let tileStride: Int
        let products: UnsafeMutablePointer<Float>
        let productStride: Int

        private var transform: Transform { convolution.transform }
        private var description: ConvolutionDescription { convolution.description }
        /// Blocks that hold any tile: the last band may have fewer.
        private var blocks: Int {
            min(
                product.blocks,
                (grid.count - firstTile + PlaneProduct.blockWidth - 1) / PlaneProduct.blockWidth)
        }

        func transformInput(_ source: UnsafePointer<Float>, channels: Range<Int>, threads: Int) {
            let items = Items(blocks: blocks, channels: channels)
            nonisolated(unsafe) let source = source
            parallelFor(items.count, threads: threads) { item in
                let (block, part) = items[item]
                let padding = (description.kernel - 1) / 2
                withScratch(size: transform.size) { scratch in
                    let width = product.width(block)
                    let target = tiles + block * PlaneProduct.blockWidth * product.inputChannels
                    for index in 0..<width / 8 {
                        let window = TileWindow(
                            grid, firstTile: tile(block, index), size: transform.size, padding: padding,
                            lanes: scratch.lanes)
                        for channel in part {
                            window.read(
                                source + channel * grid.height * grid.width, scratch: scratch.pixels,
                                into: scratch.values)
                            transform.forward(
                                scratch.values, work: scratch.work,
                                to: target + (channel - channels.lowerBound) * width + 8 * index,
                                stride: tileStride)
                        }
                    }
                }
            }
        }

        func multiply(channels: Range<Int>, threads: Int) {
            // Few planes leave threads idle at the end: halve the items where there is enough to share.
            let parts = blocks >= 4 ? 2 : 1
            let blocksPerPart = (blocks + parts - 1) / parts
            parallelFor(transform.planes * parts, threads: threads) { item in
                let (plane, part) = item.quotientAndRemainder(dividingBy: parts)
                product(
                    convolution.filters.base + plane * convolution.filterStride, tiles + plane * tileStride,
                    channels: channels, into: products + plane * productStride,
                    blocks: part * blocksPerPart..<min(blocks, (part + 1) * blocksPerPart))
            }
        }

        func transformOutput(
            adding residual: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>, threads: Int
        ) {
            let items = Items(blocks: blocks, channels: 0..<description.outputChannels)
            nonisolated(unsafe) let (output, residual) = (output, residual)
            let activation = description.activation.vector
            parallelFor(items.count, threads: threads) { item in
                let (block, part) = items[item]
                let size = transform.outputSize
                withScratch(size: size) { scratch in
                    let width = product.width(block)
                    let source = products + block * PlaneProduct.blockWidth * product.outputChannels
                    for index in 0..<width / 8 {
                        let window = TileWindow(
                            grid, firstTile: tile(block, index), size: size, padding: 0, lanes: scratch.lanes)
                        for channel in part {
                            let plane = channel * grid.height * grid.width
                            transform.inverse(
                                source + channel * width + 8 * index, stride: productStride,
                                work: scratch.work, to: scratch.values)
                            let bias = Vector(repeating: convolution.bias[channel])
                            if let residual {
                                window.read(residual + plane, scratch: scratch.pixels, into: scratch.work)
                                for value in 0..<size * size { scratch.values[value] += scratch.work[value] }
                            }
                            for value in 0..<size * size {
                                scratch.values[value] = (scratch.values[value] + bias).activated(activation)
                            }
                            window.write(scratch.values, to: output + plane)
                        }
                    }
                }
            }
        }

        private func tile(_ block: Int, _ index: Int) -> Int {
            firstTile + block * PlaneProduct.blockWidth + 8 * index
        }

        /// What one thread needs for windows and transforms.
        private struct Scratch {
            var pixels: UnsafeMutablePointer<Float>
            var values: UnsafeMutablePointer<Vector>
            var work: UnsafeMutablePointer<Vector>
            var lanes: UnsafeMutablePointer<TileWindow.Lane>
        }

        @inline(__always)
        private func withScratch(size: Int, _ body: (Scratch) -> Void) {
            let pixels = TileWindow.scratchCount(size: size) / 8
            let values = size * size
            let capacity = pixels + values + max(transform.workCount, values)
            withUnsafeTemporaryAllocation(of: Vector.self, capacity: capacity) { memory in
                let base = memory.baseAddress!
                base.withMemoryRebound(to: Float.self, capacity: 8 * pixels) { pixelMemory in
                    withUnsafeTemporaryAllocation(of: TileWindow.Lane.self, capacity: 8) { lanes in
                        body(
                            Scratch(
                                pixels: pixelMemory, values: base + pixels, work: base + pixels + values,
                                lanes: lanes.baseAddress!))
                    }
                }
            }
        }
    }
}
