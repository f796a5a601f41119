import Tensors

extension CPUBackend {
    /// Gives pixels that no vector reached the mean of the nearest reached ones to the left, right, top and bottom; zero
    /// where there is none.
    ///
    /// The nearest neighbours come from running indices in sweeps over the image, so that a frame full of holes costs no
    /// more than one without.
    func fillHoles(of flow: CPUTensor, counts: CPUTensor) throws {
        let (width, height, plane) = (flow.shape.width, flow.shape.height, flow.shape.planeCount)
        let count = counts.pointer
        let none = Int32(-1)
        // Row of the nearest reached pixel above and below each pixel, in its column.
        var above = [Int32](repeating: none, count: plane)
        var below = [Int32](repeating: none, count: plane)
        for y in 0..<height {
            for pixel in y * width..<(y + 1) * width {
                above[pixel] = count[pixel] > 0 ? Int32(y) : (y > 0 ? above[pixel - width] : none)
            }
        }
        for y in (0..<height).reversed() {
            for pixel in y * width..<(y + 1) * width {
                below[pixel] = count[pixel] > 0 ? Int32(y) : (y + 1 < height ? below[pixel + width] : none)
            }
        }
        nonisolated(unsafe) let (flowX, flowY) = (flow.pointer, flow.pointer + plane)
        nonisolated(unsafe) let reached = count
        let (up, down) = (above, below)
        parallelFor(height, threads: threads) { y in
            let row = y * width
            // Column of the nearest reached pixel to the right of each pixel of the row.
            var right = [Int32](repeating: none, count: width)
            var nearest = none
            for x in (0..<width).reversed() {
                if reached[row + x] > 0 { nearest = Int32(x) }
                right[x] = nearest
            }
            var left = none
            for x in 0..<width {
                let pixel = row + x
                if reached[pixel] > 0 {
                    left = Int32(x)
                    continue
                }
                var (sumX, sumY, found) = (Float(0), Float(0), Float(0))
                @inline(__always) func add(_ source: Int) {
                    sumX += flowX[source]
                    sumY += flowY[source]
                    found += 1
                }
                if left != none { add(row + Int(left)) }
                if right[x] != none { add(row + Int(right[x])) }
                if up[pixel] != none { add(Int(up[pixel]) * width + x) }
                if down[pixel] != none { add(Int(down[pixel]) * width + x) }
                // Only holes are written and only reached pixels are read, so rows can be filled side by side.
                flowX[pixel] = found > 0 ? sumX / found : 0
                flowY[pixel] = found > 0 ? sumY / found : 0
            }
        }
    }
}
