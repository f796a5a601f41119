import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension CPUBackend {
    public func invertDepth(_ logDepth: CPUTensor, into output: CPUTensor) {
        assert(logDepth.shape == output.shape, "inverse depth keeps the shape")
        for pixel in 0..<logDepth.shape.count {
            output.pointer[pixel] = 1e-6 + expf(-logDepth.pointer[pixel])
        }
    }

    public func projectFlow(_ flow: CPUTensor, weights: CPUTensor?, into output: CPUTensor) throws {
        let shape = flow.shape
        assert(output.shape == shape && shape.channels == 2, "projection shapes")
        let counts = try makeTensor(shape.with(channels: 1))
        counts.pointer.update(repeating: 0, count: counts.shape.count)
        output.pointer.update(repeating: 0, count: shape.count)
        splat(flow, weights: weights, sums: output, counts: counts)
        for pixel in 0..<shape.planeCount where counts.pointer[pixel] > 0 {
            output.pointer[pixel] /= counts.pointer[pixel]
            output.pointer[shape.planeCount + pixel] /= counts.pointer[pixel]
        }
        try fillHoles(of: output, counts: counts)
    }

    /// Adds every vector, negated and weighted, to the four pixels around its target; one thread, in the order of the
    /// pixels, so that sums round the same way in every run.
    private func splat(_ flow: CPUTensor, weights: CPUTensor?, sums: CPUTensor, counts: CPUTensor) {
        let (width, height, plane) = (flow.shape.width, flow.shape.height, flow.shape.planeCount)
        let (flowX, flowY) = (flow.pointer, flow.pointer + plane)
        let (sumX, sumY, count) = (sums.pointer, sums.pointer + plane, counts.pointer)
        let weight = weights?.pointer
        for y in 0..<height {
            for x in 0..<width {
                let pixel = y * width + x
                let targetX = Float(x) + flowX[pixel]
                let targetY = Float(y) + flowY[pixel]
                guard targetX >= 0, targetY >= 0, targetX <= Float(width - 1), targetY <= Float(height - 1)
                else { continue }
                let (left, top) = (Int(targetX), Int(targetY))
                let (right, bottom) = (min(left + 1, width - 1), min(top + 1, height - 1))
                let w = weight.map { $0[pixel] } ?? 1
                let (addX, addY) = (-w * flowX[pixel], -w * flowY[pixel])
                @inline(__always) func add(to target: Int) {
                    sumX[target] += addX
                    sumY[target] += addY
                    count[target] += w
                }
                add(to: top * width + left)
                add(to: top * width + right)
                add(to: bottom * width + left)
                add(to: bottom * width + right)
            }
        }
    }
}
