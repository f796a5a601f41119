import Tensors

extension CPUBackend {
    public func correlate(_ first: CPUTensor, _ second: CPUTensor, into output: CPUTensor) {
        let shape = first.shape
        let radius = CorrelationGeometry.radius
        let side = CorrelationGeometry.side
        assert(
            second.shape == shape && output.shape == shape.with(channels: side * side), "correlation shapes")
        // Rows of zeros around the second map, and a vector of spare columns, so that no read needs a test.
        let pitch = shape.width + 2 * radius + Vector.scalarCount
        let rows = shape.height + 2 * radius
        nonisolated(unsafe) let (left, right, target) = (first.pointer, second.pointer, output.pointer)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: shape.channels * rows * pitch) { padded in
            padded.initialize(repeating: 0)
            nonisolated(unsafe) let padded = padded.baseAddress!
            parallelFor(shape.channels, threads: threads) { channel in
                for y in 0..<shape.height {
                    (padded + (channel * rows + y + radius) * pitch + radius)
                        .update(from: right + (channel * shape.height + y) * shape.width, count: shape.width)
                }
            }
            let scale = 1 / Float(shape.channels)
            parallelFor(shape.height, threads: threads) { y in
                for x in stride(from: 0, to: shape.width, by: Vector.scalarCount) {
                    let count = min(Vector.scalarCount, shape.width - x)
                    for dy in 0..<side {
                        correlateRow(
                            left + y * shape.width + x, padded + (y + dy) * pitch + x, shape: shape,
                            paddedPlane: rows * pitch, count: count, scale: scale,
                            into: target + dy * side * shape.planeCount + y * shape.width + x)
                    }
                }
            }
        }
    }
}

/// The nine horizontal displacements of one vertical one, for up to eight neighbouring pixels.
private func correlateRow(
    _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, shape: Shape, paddedPlane: Int, count: Int,
    scale: Float, into output: UnsafeMutablePointer<Float>
) {
    var (s0, s1, s2, s3, s4) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    var (s5, s6, s7, s8) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
    for channel in 0..<shape.channels {
        let a = partial(first + channel * shape.planeCount, count)
        let b = second + channel * paddedPlane
        s0 = s0.addingProduct(a, Vector(unaligned: b))
        s1 = s1.addingProduct(a, Vector(unaligned: b + 1))
        s2 = s2.addingProduct(a, Vector(unaligned: b + 2))
        s3 = s3.addingProduct(a, Vector(unaligned: b + 3))
        s4 = s4.addingProduct(a, Vector(unaligned: b + 4))
        s5 = s5.addingProduct(a, Vector(unaligned: b + 5))
        s6 = s6.addingProduct(a, Vector(unaligned: b + 6))
        s7 = s7.addingProduct(a, Vector(unaligned: b + 7))
        s8 = s8.addingProduct(a, Vector(unaligned: b + 8))
    }
    let slope = VectorActivation(slope: 0.1)
    func finish(_ sum: Vector, _ dx: Int) {
        let value = (sum * scale).activated(slope)
        for lane in 0..<count { output[dx * shape.planeCount + lane] = value[lane] }
    }
    finish(s0, 0)
    finish(s1, 1)
    finish(s2, 2)
    finish(s3, 3)
    finish(s4, 4)
    finish(s5, 5)
    finish(s6, 6)
    finish(s7, 7)
    finish(s8, 8)
}

/// Up to eight values, followed by zeros.
@inline(__always)
private func partial(_ pointer: UnsafePointer<Float>, _ count: Int) -> Vector {
    if count == Vector.scalarCount { return Vector(unaligned: pointer) }
    var vector = Vector.zero
    for lane in 0..<count { vector[lane] = pointer[lane] }
    return vector
}

/// The search window of the cost volume.
enum CorrelationGeometry {
    static let radius = 4
    static let side = 2 * radius + 1
}
