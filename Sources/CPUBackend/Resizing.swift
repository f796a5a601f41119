import Tensors

extension CPUBackend {
    public func maxPool(_ input: CPUTensor, into output: CPUTensor) {
        pool(input, into: output) { max(max($0, $1), max($2, $3)) }
    }

    public func averagePool(_ input: CPUTensor, into output: CPUTensor) {
        pool(input, into: output) { ($0 + $1 + $2 + $3) * 0.25 }
    }

    @inline(__always)
    private func pool(
        _ input: CPUTensor, into output: CPUTensor,
        _ combine: @Sendable (Float, Float, Float, Float) -> Float
    ) {
        assert(output.shape == input.shape.halved, "pooling halves the input")
        let (width, outputShape) = (input.shape.width, output.shape)
        nonisolated(unsafe) let (source, target) = (input.pointer, output.pointer)
        parallelFor(outputShape.channels, threads: threads) { channel in
            for y in 0..<outputShape.height {
                let upper = source + channel * input.shape.planeCount + 2 * y * width
                let lower = upper + width
                let row = target + channel * outputShape.planeCount + y * outputShape.width
                for x in 0..<outputShape.width {
                    row[x] = combine(upper[2 * x], upper[2 * x + 1], lower[2 * x], lower[2 * x + 1])
                }
            }
        }
    }

    public func addUpsampledNearest(_ input: CPUTensor, to output: CPUTensor) {
        assert(output.shape == input.shape.scaled(by: 2), "nearest upsampling doubles the input")
        let (inputShape, width) = (input.shape, output.shape.width)
        nonisolated(unsafe) let (source, target) = (input.pointer, output.pointer)
        parallelFor(inputShape.channels, threads: threads) { channel in
            for y in 0..<output.shape.height {
                let from = source + channel * inputShape.planeCount + y / 2 * inputShape.width
                let to = target + channel * output.shape.planeCount + y * width
                for x in 0..<inputShape.width {
                    to[2 * x] += from[x]
                    to[2 * x + 1] += from[x]
                }
            }
        }
    }

    public func upsampleBilinear(
        _ input: CPUTensor, factor: Int, scale: TimedScale, adding residual: CPUTensor?,
        into output: CPUTensor
    ) {
        let scale = scale.value
        assert(output.shape == input.shape.scaled(by: factor), "upsampling multiplies the size")
        let (inputShape, outputShape) = (input.shape, output.shape)
        let horizontal = SamplePositions(output: outputShape.width, input: inputShape.width, factor: factor)
        let vertical = SamplePositions(output: outputShape.height, input: inputShape.height, factor: factor)
        nonisolated(unsafe) let (source, target, addend) = (input.pointer, output.pointer, residual?.pointer)
        parallelFor(outputShape.channels, threads: threads) { channel in
            let plane = source + channel * inputShape.planeCount
            for y in 0..<outputShape.height {
                let upper = plane + vertical.first[y] * inputShape.width
                let lower = plane + vertical.second[y] * inputShape.width
                let fy = vertical.fraction[y]
                let start = channel * outputShape.planeCount + y * outputShape.width
                for x in 0..<outputShape.width {
                    let (left, right, fx) = (
                        horizontal.first[x], horizontal.second[x], horizontal.fraction[x]
                    )
                    let above = (1 - fx) * (upper[left] * scale) + fx * (upper[right] * scale)
                    let below = (1 - fx) * (lower[left] * scale) + fx * (lower[right] * scale)
                    let value = (1 - fy) * above + fy * below
                    target[start + x] = addend.map { value + $0[start + x] } ?? value
                }
            }
        }
    }

    public func depthToSpace(_ input: CPUTensor, into output: CPUTensor) {
        assert(
            output.shape.channels * 4 == input.shape.channels && output.shape.width == input.shape.width * 2,
            "depth to space")
        let (inputShape, outputShape) = (input.shape, output.shape)
        for channel in 0..<outputShape.channels {
            for y in 0..<outputShape.height {
                let row = output.pointer + channel * outputShape.planeCount + y * outputShape.width
                for x in 0..<outputShape.width {
                    let plane = 4 * channel + 2 * (y & 1) + (x & 1)
                    row[x] = input.pointer[plane * inputShape.planeCount + y / 2 * inputShape.width + x / 2]
                }
            }
        }
    }

    public func padReplicating(_ input: CPUTensor, left: Int, top: Int, into output: CPUTensor) {
        let (inputShape, outputShape) = (input.shape, output.shape)
        nonisolated(unsafe) let (source, target) = (input.pointer, output.pointer)
        parallelFor(outputShape.channels, threads: threads) { channel in
            for y in 0..<outputShape.height {
                let fromY = min(max(y - top, 0), inputShape.height - 1)
                let from = source + channel * inputShape.planeCount + fromY * inputShape.width
                let to = target + channel * outputShape.planeCount + y * outputShape.width
                for x in 0..<outputShape.width { to[x] = from[min(max(x - left, 0), inputShape.width - 1)] }
            }
        }
    }

    public func crop(_ input: CPUTensor, left: Int, top: Int, into output: CPUTensor) {
        let (inputShape, outputShape) = (input.shape, output.shape)
        assert(
            left + outputShape.width <= inputShape.width && top + outputShape.height <= inputShape.height,
            "crop inside the input")
        for channel in 0..<outputShape.channels {
            for y in 0..<outputShape.height {
                let from =
                    input.pointer + channel * inputShape.planeCount + (y + top) * inputShape.width + left
                (output.pointer + channel * outputShape.planeCount + y * outputShape.width)
                    .update(from: from, count: outputShape.width)
            }
        }
    }

    public func copy(_ input: CPUTensor, into output: CPUTensor) {
        assert(input.shape == output.shape, "copy keeps the shape")
        output.pointer.update(from: input.pointer, count: input.shape.count)
    }

    public func copyRows(_ rows: Range<Int>, of input: CPUTensor, into output: CPUTensor, at row: Int) {
        let (from, to) = (input.shape, output.shape)
        assert(from.channels == to.channels && from.width == to.width, "rows of the same length")
        assert(rows.upperBound <= from.height && row + rows.count <= to.height, "rows inside both")
        for channel in 0..<from.channels {
            (output.pointer + channel * to.planeCount + row * to.width).update(
                from: input.pointer + channel * from.planeCount + rows.lowerBound * from.width,
                count: rows.count * from.width)
        }
    }
}

/// Where each output position of a bilinear upsampling reads: pixel centres lie at half integers in both
/// images, positions before the first centre take the first value.
struct SamplePositions: Sendable {
    var first: [Int] = []
    var second: [Int] = []
    var fraction: [Float] = []

    init(output: Int, input: Int, factor: Int) {
        let step = 1 / Float(factor)
        for position in 0..<output {
            let exact = max(0, (Float(position) + 0.5) * step - 0.5)
            let lower = min(Int(exact), input - 1)
            first.append(lower)
            second.append(min(lower + 1, input - 1))
            fraction.append(exact - Float(lower))
        }
    }
}
