import Tensors

extension CPUBackend {
    public func warpAdaptively(
        _ input: CPUTensor, by flow: CPUTensor, taps: CPUTensor, rows: Range<Int>, into output: CPUTensor
    ) throws {
        let shape = input.shape
        assert(
            output.shape == shape.with(height: rows.count) && flow.shape == shape.with(channels: 2)
                && taps.shape == shape.with(channels: 16), "adaptive warp shapes")
        assert(rows.lowerBound >= 0 && rows.upperBound <= shape.height, "adaptive warp rows")
        nonisolated(unsafe) let (source, vectors, filter, target) = (
            input.pointer, flow.pointer, taps.pointer, output.pointer
        )
        let outputPlane = output.shape.planeCount
        parallelFor(rows.count, threads: threads) { line in
            let y = rows.lowerBound + line
            // The position and the sixteen weights of a pixel are the same for all channels: made once a row.
            withUnsafeTemporaryAllocation(of: WarpWindow.self, capacity: shape.width) { windows in
                for x in 0..<shape.width {
                    windows.initializeElement(
                        at: x, to: WarpWindow(x: x, y: y, flow: vectors, taps: filter, shape))
                }
                for channel in 0..<shape.channels {
                    let plane = source + channel * shape.planeCount
                    let row = target + channel * outputPlane + line * shape.width
                    for x in 0..<shape.width { row[x] = windows[x].read(plane, shape) }
                }
            }
        }
    }
}

/// What one pixel reads: the 4×4 neighbourhood of its flow target with a weight for each value.
private struct WarpWindow {
    private enum Kind {
        /// The target is outside the image or too far: the pixel itself.
        case copy
        /// All sixteen values lie inside: four rows of four.
        case inside
        /// Some lie outside: each coordinate is clamped.
        case border
    }

    private let kind: Kind
    /// Offset of the pixel itself, or of the window's first value.
    private let offset: Int
    private let left: Int32
    private let top: Int32
    private var row0 = SIMD4<Float>.zero
    private var row1 = SIMD4<Float>.zero
    private var row2 = SIMD4<Float>.zero
    private var row3 = SIMD4<Float>.zero

    init(x: Int, y: Int, flow: UnsafePointer<Float>, taps: UnsafePointer<Float>, _ shape: Shape) {
        let (width, height, plane) = (shape.width, shape.height, shape.planeCount)
        let pixel = y * width + x
        let (flowX, flowY) = (flow[pixel], flow[plane + pixel])
        let (targetX, targetY) = (Float(x) + flowX, Float(y) + flowY)
        guard targetX >= 0, targetY >= 0, targetX <= Float(width - 1), targetY <= Float(height - 1),
            abs(flowX) < Float(width) / 2, abs(flowY) < Float(height) / 2
        else {
            (kind, offset, left, top) = (.copy, pixel, 0, 0)
            return
        }
        let (column, row) = (Int(targetX), Int(targetY))
        let (alpha, beta) = (targetX - Float(column), targetY - Float(row))
        let horizontal = SIMD4(1 - alpha, 1 - alpha, alpha, alpha)
        @inline(__always) func weights(_ j: Int, _ vertical: Float) -> SIMD4<Float> {
            let tap = taps + 4 * j * plane + pixel
            return SIMD4(tap[0], tap[plane], tap[2 * plane], tap[3 * plane]) * vertical * horizontal
        }
        row0 = weights(0, 1 - beta)
        row1 = weights(1, 1 - beta)
        row2 = weights(2, beta)
        row3 = weights(3, beta)
        (left, top) = (Int32(column - 1), Int32(row - 1))
        offset = (row - 1) * width + column - 1
        kind = column >= 1 && row >= 1 && column + 2 < width && row + 2 < height ? .inside : .border
    }

    @inline(__always) func read(_ plane: UnsafePointer<Float>, _ shape: Shape) -> Float {
        switch kind {
        case .copy:
            return plane[offset]
        case .inside:
            let first = plane + offset
            var sum = load(first) * row0
            sum = sum.addingProduct(load(first + shape.width), row1)
            sum = sum.addingProduct(load(first + 2 * shape.width), row2)
            sum = sum.addingProduct(load(first + 3 * shape.width), row3)
            return (sum[0] + sum[1]) + (sum[2] + sum[3])
        case .border:
            var sum = SIMD4<Float>.zero
            for (j, weights) in [row0, row1, row2, row3].enumerated() {
                let row = plane + min(max(Int(top) + j, 0), shape.height - 1) * shape.width
                for i in 0..<4 {
                    sum[i] += weights[i] * row[min(max(Int(left) + i, 0), shape.width - 1)]
                }
            }
            return (sum[0] + sum[1]) + (sum[2] + sum[3])
        }
    }

    @inline(__always) private func load(_ pointer: UnsafePointer<Float>) -> SIMD4<Float> {
        UnsafeRawPointer(pointer).loadUnaligned(as: SIMD4<Float>.self)
    }
}
