import Tensors

extension CPUBackend {
    public func warpBackward(_ input: CPUTensor, by flow: CPUTensor, scale: Float, into output: CPUTensor) {
        let shape = input.shape
        assert(output.shape == shape && flow.shape == shape.with(channels: 2), "warp shapes")
        nonisolated(unsafe) let (source, vectors, target) = (input.pointer, flow.pointer, output.pointer)
        parallelFor(shape.height, threads: threads) { y in
            for x in 0..<shape.width {
                let pixel = y * shape.width + x
                let sample = BilinearSample(
                    x: Float(x) + vectors[pixel] * scale,
                    y: Float(y) + vectors[shape.planeCount + pixel] * scale, shape)
                guard sample.coverage >= BilinearSample.leastCoverage else {
                    for channel in 0..<shape.channels { target[channel * shape.planeCount + pixel] = 0 }
                    continue
                }
                for channel in 0..<shape.channels {
                    target[channel * shape.planeCount + pixel] = sample.read(
                        source + channel * shape.planeCount)
                }
            }
        }
    }
}

/// The four pixels around a position, with their bilinear weights; pixels outside the image weigh nothing.
private struct BilinearSample {
    /// PWC-Net's mask: a sample with less of its weight inside the image is dropped.
    static let leastCoverage: Float = 0.9999

    private var offsets = (0, 0, 0, 0)
    private var weights: SIMD4<Float>
    var coverage: Float { (weights[0] + weights[1]) + (weights[2] + weights[3]) }

    init(x: Float, y: Float, _ shape: Shape) {
        // Far outside (or not a number): no overlap, and no conversion to Int that could overflow.
        guard x > -1, y > -1, x < Float(shape.width), y < Float(shape.height) else {
            weights = .zero
            return
        }
        let (left, top) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
        let (fx, fy) = (x - Float(left), y - Float(top))
        weights = SIMD4((1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy)
        func place(_ x: Int, _ y: Int, _ index: Int) -> Int {
            if x < 0 || y < 0 || x >= shape.width || y >= shape.height {
                weights[index] = 0
                return 0
            }
            return y * shape.width + x
        }
        offsets = (
            place(left, top, 0), place(left + 1, top, 1), place(left, top + 1, 2), place(left + 1, top + 1, 3)
        )
    }

    @inline(__always) func read(_ plane: UnsafePointer<Float>) -> Float {
        plane[offsets.0] * weights[0] + plane[offsets.1] * weights[1] + plane[offsets.2] * weights[2]
            + plane[offsets.3] * weights[3]
    }
}
