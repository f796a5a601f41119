import Tensors

/// Convolution by its definition, blocked for registers and caches; any odd kernel, stride and dilation.
///
/// A work item is a tile of the output. Its part of the input is copied, a few channels at a time, into a
/// scratch with the zero border and (for stride 2) even and odd columns apart, so that every tap reads
/// neighbouring pixels from a fixed distance. The innermost loop adds one tap of one input channel to four
/// output channels of up to 24 pixels: twelve fused multiply-adds for three input loads and four broadcasts.
///
/// An output value is the sum over input channels, then rows, then columns of its window, in blocks that depend on the
/// description alone: results do not depend on the tiling or the number of threads.
struct DirectConvolution: Sendable {
    /// Output channels that the innermost loop computes together.
    private static let group = 4
    /// Values of weights (four output channels, a block of input channels) meant to stay in the first-level cache.
    private static let weightBudget = 4096
    /// Values of the scratch, meant to stay in the second-level cache.
    private static let scratchBudget = 48 * 1024

    let description: ConvolutionDescription
    /// `[output / 4][input][ky][kx][4]`, output channels padded with zeros to a multiple of four.
    private let weights: [Float]
    private let bias: [Float]

    init(_ description: ConvolutionDescription, _ values: ConvolutionWeights) {
        self.description = description
        let taps = description.inputChannels * description.kernel * description.kernel
        let groups = (description.outputChannels + Self.group - 1) / Self.group
        var packed = [Float](repeating: 0, count: groups * taps * Self.group)
        for output in 0..<description.outputChannels {
            let base = (output / Self.group) * taps * Self.group + output % Self.group
            for tap in 0..<taps { packed[base + tap * Self.group] = values.values[output * taps + tap] }
        }
        weights = packed
        bias = values.bias + [Float](repeating: 0, count: groups * Self.group - description.outputChannels)
    }

    func callAsFunction(_ input: CPUTensor, adding residual: CPUTensor?, into output: CPUTensor, threads: Int)
    {
        let plan = Plan(description, output: output.shape)
        nonisolated(unsafe) let (source, target, addend) = (input.pointer, output.pointer, residual?.pointer)
        parallelFor(plan.itemCount, threads: threads) { index in
            weights.withUnsafeBufferPointer { weights in
                bias.withUnsafeBufferPointer { bias in
                    let worker = Worker(
                        plan: plan, tile: plan.tile(index), inputShape: input.shape, source: source,
                        target: target, addend: addend, weights: weights.baseAddress!,
                        bias: bias.baseAddress!)
                    worker.run()
                }
            }
        }
    }

    /// A part of the output: rows, columns and groups of output channels.
    struct Tile {
        var rows: Range<Int>
        var columns: Range<Int>
        var groups: Range<Int>
    }

    /// How the output is cut into tiles and the input channels into blocks.
    struct Plan: Sendable {
        let description: ConvolutionDescription
        let output: Shape
        let channelBlock: Int
        /// Distance of rows within the scratch, and of its even and odd columns.
        let pitch: Int
        let phasePitch: Int
        let scratchRows: Int
        private let tileRows: Int
        private let tileColumns: Int
        private let rowTiles: Int
        private let columnTiles: Int
        private let groupTiles: Int
        private let groupsPerTile: Int

        init(_ description: ConvolutionDescription, output: Shape) {
            self.description = description
            self.output = output
            let taps = description.kernel * description.kernel
            let reach = description.dilation * (description.kernel - 1)
            // About 240 columns, in multiples of 24, and 8 rows: the border costs little, the scratch stays small.
            columnTiles = max(1, (output.width + 263) / 264)
            tileColumns = ((output.width + columnTiles - 1) / columnTiles + 23) / 24 * 24
            tileRows = min(8, output.height)
            rowTiles = (output.height + tileRows - 1) / tileRows
            phasePitch = (min(tileColumns, output.width) + 23) / 8 * 8 + reach / description.stride + 8
            pitch = phasePitch * description.stride
            scratchRows = (tileRows - 1) * description.stride + reach + 1
            channelBlock = max(
                1,
                min(
                    description.inputChannels, DirectConvolution.weightBudget / (taps * group),
                    max(4, DirectConvolution.scratchBudget / (scratchRows * pitch))))
            // Small maps have too few tiles to share out: cut their output channels too.
            let groups = (description.outputChannels + group - 1) / group
            let wanted = (16 + rowTiles * columnTiles - 1) / (rowTiles * columnTiles)
            groupsPerTile = (groups + min(groups, wanted) - 1) / min(groups, wanted)
            groupTiles = (groups + groupsPerTile - 1) / groupsPerTile
        }

        var itemCount: Int { rowTiles * columnTiles * groupTiles }

        func tile(_ index: Int) -> Tile {
            let (position, groupTile) = index.quotientAndRemainder(dividingBy: groupTiles)
            let (rowTile, columnTile) = position.quotientAndRemainder(dividingBy: columnTiles)
            let groups = (description.outputChannels + group - 1) / group
            return Tile(
                rows: rowTile * tileRows..<min(output.height, (rowTile + 1) * tileRows),
                columns: min(
                    output.width, columnTile * tileColumns)..<min(
                        output.width, (columnTile + 1) * tileColumns),
                groups: groupTile * groupsPerTile..<min(groups, (groupTile + 1) * groupsPerTile))
        }
    }

    /// Computes one tile.
    private struct Worker {
        let plan: Plan
        let tile: Tile
        let inputShape: Shape
        let source: UnsafePointer<Float>
        let target: UnsafeMutablePointer<Float>
        let addend: UnsafePointer<Float>?
        let weights: UnsafePointer<Float>
        let bias: UnsafePointer<Float>

        func run() {
            let scratchPlane = plan.scratchRows * plan.pitch
            let kernel = plan.description.kernel
            withUnsafeTemporaryAllocation(of: Float.self, capacity: plan.channelBlock * scratchPlane + kernel)
            {
                let scratch = $0.baseAddress!
                // Lanes beyond a row's end are computed and dropped; they must at least be numbers.
                $0.initialize(repeating: 0)
                withUnsafeTemporaryAllocation(of: Int.self, capacity: kernel) { columnOffsets in
                    for kx in 0..<kernel {
                        let column = kx * plan.description.dilation
                        columnOffsets[kx] =
                            column % plan.description.stride * plan.phasePitch + column
                            / plan.description.stride
                    }
                    let channels = plan.description.inputChannels
                    for start in stride(from: 0, to: channels, by: plan.channelBlock) {
                        let block = start..<min(channels, start + plan.channelBlock)
                        for channel in block {
                            fill(scratch + (channel - start) * scratchPlane, from: channel)
                        }
                        for group in tile.groups {
                            accumulate(group, block, scratch, UnsafePointer(columnOffsets.baseAddress!))
                        }
                    }
                }
            }
        }

        /// Copies one channel's part of the input, with zeros where the window leaves the image.
        private func fill(_ scratch: UnsafeMutablePointer<Float>, from channel: Int) {
            let description = plan.description
            let plane = source + channel * inputShape.planeCount
            let firstRow = tile.rows.lowerBound * description.stride - description.padding
            let firstColumn = tile.columns.lowerBound * description.stride - description.padding
            let rowCount =
                (tile.rows.count - 1) * description.stride + description.dilation * (description.kernel - 1)
                + 1
            let columnCount =
                (tile.columns.count - 1) * description.stride + description.dilation
                * (description.kernel - 1)
                + 1
            let inside =
                max(
                    0, -firstColumn)..<max(
                    max(0, -firstColumn), min(columnCount, inputShape.width - firstColumn))
            for row in 0..<rowCount {
                let target = scratch + row * plan.pitch
                let y = firstRow + row
                guard y >= 0, y < inputShape.height else {
                    target.update(repeating: 0, count: plan.pitch)
                    continue
                }
                let line = plane + y * inputShape.width + firstColumn
                if description.stride == 1 {
                    target.update(repeating: 0, count: inside.lowerBound)
                    (target + inside.lowerBound).update(
                        from: line + inside.lowerBound, count: inside.count)
                    (target + inside.upperBound).update(
                        repeating: 0, count: plan.pitch - inside.upperBound)
                } else {
                    for column in 0..<columnCount {
                        let position =
                            column % description.stride * plan.phasePitch + column / description.stride
                        target[position] = inside.contains(column) ? line[column] : 0
                    }
                }
            }
        }

        /// Adds a block of input channels to one group of output channels of the tile.
        private func accumulate(
            _ group: Int, _ block: Range<Int>, _ scratch: UnsafePointer<Float>,
            _ columnOffsets: UnsafePointer<Int>
        ) {
            let width = tile.columns.count
            for y in tile.rows {
                let line =
                    scratch + (y - tile.rows.lowerBound) * plan.description.stride * plan.pitch
                var x = 0
                while width - x >= Lanes24.count {
                    window(Lanes24.self, group, block, line + x, columnOffsets, y, x, Lanes24.count)
                    x += Lanes24.count
                }
                while width - x >= Lanes16.count {
                    window(Lanes16.self, group, block, line + x, columnOffsets, y, x, Lanes16.count)
                    x += Lanes16.count
                }
                while x < width {
                    let count = min(Lanes8.count, width - x)
                    window(Lanes8.self, group, block, line + x, columnOffsets, y, x, count)
                    x += count
                }
            }
        }

        /// The innermost loops: all taps of a block of input channels, for four output channels of neighbouring pixels.
        @inline(__always)
        private func window<L: Lanes>(
            _: L.Type, _ group: Int, _ block: Range<Int>, _ line: UnsafePointer<Float>,
            _ columnOffsets: UnsafePointer<Int>, _ y: Int, _ x: Int, _ count: Int
        ) {
            let description = plan.description
            let kernel = description.kernel
            let pixel = y * plan.output.width + tile.columns.lowerBound + x
            let first = group * DirectConvolution.group
            let isFirst = block.lowerBound == 0
            var sum0 = begin(L.self, first, pixel, count, isFirst)
            var sum1 = begin(L.self, first + 1, pixel, count, isFirst)
            var sum2 = begin(L.self, first + 2, pixel, count, isFirst)
            var sum3 = begin(L.self, first + 3, pixel, count, isFirst)

            var weight =
                weights + (group * description.inputChannels + block.lowerBound) * kernel * kernel
                * DirectConvolution.group
            var plane = line
            let scratchPlane = plan.scratchRows &* plan.pitch
            let rowStep = description.dilation &* plan.pitch
            for _ in 0..<block.count {
                var row = plane
                for _ in 0..<kernel {
                    for kx in 0..<kernel {
                        let input = L(loading: row + columnOffsets[kx])
                        sum0.add(input, times: weight[0])
                        sum1.add(input, times: weight[1])
                        sum2.add(input, times: weight[2])
                        sum3.add(input, times: weight[3])
                        weight += DirectConvolution.group
                    }
                    row += rowStep
                }
                plane += scratchPlane
            }

            let isLast = block.upperBound == description.inputChannels
            finish(sum0, first, pixel, count, isLast)
            finish(sum1, first + 1, pixel, count, isLast)
            finish(sum2, first + 2, pixel, count, isLast)
            finish(sum3, first + 3, pixel, count, isLast)
        }

        /// The sum so far: bias and residual for the first block, then what the output holds.
        @inline(__always)
        private func begin<L: Lanes>(_: L.Type, _ channel: Int, _ pixel: Int, _ count: Int, _ isFirst: Bool)
            -> L
        {
            guard channel < plan.output.channels else { return L(repeating: 0) }
            let position = channel &* plan.output.planeCount &+ pixel
            if isFirst {
                var sum = L(repeating: bias[channel])
                if let addend { sum.add(load(L.self, addend + position, count)) }
                return sum
            }
            return load(L.self, UnsafePointer(target + position), count)
        }

        @inline(__always)
        private func finish<L: Lanes>(_ sum: L, _ channel: Int, _ pixel: Int, _ count: Int, _ isLast: Bool) {
            guard channel < plan.output.channels else { return }
            var sum = sum
            if isLast { sum.activate(plan.description.activation.vector) }
            let destination = target + (channel &* plan.output.planeCount &+ pixel)
            if count == L.count {
                sum.store(to: destination)
            } else {
                withUnsafeTemporaryAllocation(of: Float.self, capacity: L.count) { lanes in
                    sum.store(to: lanes.baseAddress!)
                    destination.update(from: lanes.baseAddress!, count: count)
                }
            }
        }

        @inline(__always)
        private func load<L: Lanes>(_: L.Type, _ pointer: UnsafePointer<Float>, _ count: Int) -> L {
            if count == L.count { return L(loading: pointer) }
            return withUnsafeTemporaryAllocation(of: Float.self, capacity: L.count) { lanes in
                lanes.initialize(repeating: 0)
                lanes.baseAddress!.update(from: pointer, count: count)
                return L(loading: UnsafePointer(lanes.baseAddress!))
            }
        }
    }
}

extension Activation {
    var vector: VectorActivation {
        switch self {
        case .identity: VectorActivation(slope: 1)
        case .relu: VectorActivation(slope: 0)
        case .leakyReLU(let slope): VectorActivation(slope: slope)
        }
    }
}
