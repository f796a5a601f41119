/// Eight square windows of a plane, one a lane: moves them between pixels and vectors that hold one pixel of each window.
///
/// Pixels outside of the plane read as zero and are not written. Undilated windows are read and written a row at a time
/// and transposed; windows of neighbouring phases of a dilated plane lie side by side and need no transposition.
struct TileWindow {
    /// Where one window lies.
    struct Lane {
        var y: Int
        var x: Int
        /// Whether the window, with the rest of its last eight pixels, lies inside of the plane.
        var isPlain: Bool
    }

    let height: Int
    let width: Int
    let dilation: Int
    /// Pixels along each side.
    let size: Int
    private let lanes: UnsafeMutablePointer<Lane>

    /// Values of the scratch that `read` needs for windows of `size`.
    static func scratchCount(size: Int) -> Int { 8 * size * pitch(size) }

    @inline(__always) private static func pitch(_ size: Int) -> Int { (size + 7) / 8 * 8 }

    /// The windows of eight tiles from `firstTile` on, that begin `padding` samples before each tile's outputs. `lanes` has room
    /// for eight and outlives the windows.
    init(
        _ grid: TileGrid, firstTile: Int, size: Int, padding: Int, lanes: UnsafeMutablePointer<Lane>
    ) {
        (height, width, dilation) = (grid.height, grid.width, grid.dilation)
        self.size = size
        self.lanes = lanes
        let reach = dilation == 1 ? Self.pitch(size) : dilation * (size - 1) + 1
        for lane in 0..<8 {
            let origin = grid.origin(firstTile + lane)
            let (y, x) = (origin.y - padding * dilation, origin.x - padding * dilation)
            let isPlain =
                y >= 0 && x >= 0 && y + dilation * (size - 1) < height && x + reach <= width
            (lanes + lane).initialize(to: Lane(y: y, x: x, isPlain: isPlain))
        }
    }

    /// Reads `size`×`size` vectors, row by row.
    @inline(__always)
    func read(
        _ plane: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>,
        into vectors: UnsafeMutablePointer<Vector>
    ) {
        if dilation > 1 { return readPhases(plane, into: vectors) }
        let pitch = Self.pitch(size)
        withUnsafeTemporaryAllocation(of: Row.self, capacity: 8) { rows in
            let rows = rows.baseAddress!
            for lane in 0..<8 {
                if lanes[lane].isPlain {
                    let start = plane + lanes[lane].y * width + lanes[lane].x
                    rows[lane] = Row(start: start, pitch: width)
                } else {
                    let start = scratch + lane * size * pitch
                    gather(lanes[lane], plane, into: start, pitch: pitch)
                    rows[lane] = Row(start: UnsafePointer(start), pitch: pitch)
                }
            }
            for row in 0..<size {
                for column in stride(from: 0, to: size, by: 8) {
                    var block = Block { Vector(unaligned: rows[$0].start + column) }
                    block.transpose()
                    block.store(to: vectors + row * size + column, count: size - column)
                }
                for lane in 0..<8 { rows[lane].start += rows[lane].pitch }
            }
        }
    }

    /// Writes `size`×`size` vectors.
    @inline(__always)
    func write(_ vectors: UnsafePointer<Vector>, to plane: UnsafeMutablePointer<Float>) {
        if dilation > 1 { return writePhases(vectors, to: plane) }
        let zero = Vector(repeating: 0)
        if size == 4 {
            for row in stride(from: 0, to: 4, by: 2) {
                var block = Block { vectors[4 * row + $0] }
                block.transpose()
                block.forEach { lane, pixels in
                    scatter(pixels.lowHalf, lanes[lane], row, 0, plane)
                    scatter(pixels.highHalf, lanes[lane], row + 1, 0, plane)
                }
            }
            return
        }
        for row in 0..<size {
            for column in stride(from: 0, to: size, by: 8) {
                let count = size - column
                let line = vectors + row * size + column
                var block = Block { $0 < count ? line[$0] : zero }
                block.transpose()
                block.forEach { lane, pixels in
                    scatter(pixels.lowHalf, lanes[lane], row, column, plane)
                    if count > 4 { scatter(pixels.highHalf, lanes[lane], row, column + 4, plane) }
                }
            }
        }
    }

    private struct Row {
        var start: UnsafePointer<Float>
        var pitch: Int
    }

    /// Copies an undilated window that reaches over the border.
    private func gather(
        _ lane: Lane, _ plane: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>, pitch: Int
    ) {
        let first = min(size, max(0, -lane.x))
        let end = max(first, min(size, width - lane.x))
        for row in 0..<size {
            let line = target + row * pitch
            let y = lane.y + row
            guard y >= 0, y < height, first < end else {
                for column in 0..<pitch { line[column] = 0 }
                continue
            }
            let source = plane + y * width + lane.x
            for column in 0..<first { line[column] = 0 }
            for column in first..<end { line[column] = source[column] }
            for column in end..<pitch { line[column] = 0 }
        }
    }

    /// Writes up to four pixels of a row of an undilated window.
    @inline(__always)
    private func scatter(
        _ pixels: SIMD4<Float>, _ lane: Lane, _ row: Int, _ column: Int, _ plane: UnsafeMutablePointer<Float>
    ) {
        let (y, x) = (lane.y + row, lane.x + column)
        guard y < height, x < width else { return }
        let target = plane + y * width + x
        let count = min(size - column, width - x)
        if count >= 4 {
            UnsafeMutableRawPointer(target).storeBytes(of: pixels, as: SIMD4<Float>.self)
        } else {
            for index in 0..<count { target[index] = pixels[index] }
        }
    }

    /// Whether four lanes are neighbouring phases whose windows lie inside of the plane.
    @inline(__always)
    private func isPlain(quad: Int) -> Bool {
        dilation % 4 == 0 && lanes[4 * quad].isPlain && lanes[4 * quad + 3].isPlain
    }

    private func readPhases(_ plane: UnsafePointer<Float>, into vectors: UnsafeMutablePointer<Vector>) {
        for quad in 0..<2 {
            let target = UnsafeMutableRawPointer(vectors) + 16 * quad
            if isPlain(quad: quad) {
                let start = plane + lanes[4 * quad].y * width + lanes[4 * quad].x
                for row in 0..<size {
                    for column in 0..<size {
                        let pixels = UnsafeRawPointer(start + dilation * (row * width + column))
                            .loadUnaligned(as: SIMD4<Float>.self)
                        target.storeBytes(
                            of: pixels, toByteOffset: 32 * (row * size + column), as: SIMD4<Float>.self)
                    }
                }
                continue
            }
            for index in 0..<4 {
                let lane = lanes[4 * quad + index]
                let values = target.assumingMemoryBound(to: Float.self) + index
                for row in 0..<size {
                    let y = lane.y + row * dilation
                    let isInside = y >= 0 && y < height
                    for column in 0..<size {
                        let x = lane.x + column * dilation
                        values[8 * (row * size + column)] =
                            isInside && x >= 0 && x < width ? plane[y * width + x] : 0
                    }
                }
            }
        }
    }

    private func writePhases(_ vectors: UnsafePointer<Vector>, to plane: UnsafeMutablePointer<Float>) {
        for quad in 0..<2 {
            let source = UnsafeRawPointer(vectors) + 16 * quad
            if isPlain(quad: quad) {
                let start = plane + lanes[4 * quad].y * width + lanes[4 * quad].x
                for row in 0..<size {
                    for column in 0..<size {
                        let pixels = source.load(
                            fromByteOffset: 32 * (row * size + column), as: SIMD4<Float>.self)
                        UnsafeMutableRawPointer(start + dilation * (row * width + column))
                            .storeBytes(of: pixels, as: SIMD4<Float>.self)
                    }
                }
                continue
            }
            for index in 0..<4 {
                let lane = lanes[4 * quad + index]
                let values = source.assumingMemoryBound(to: Float.self) + index
                for row in 0..<size where lane.y + row * dilation < height {
                    let line = plane + (lane.y + row * dilation) * width
                    for column in 0..<size where lane.x + column * dilation < width {
                        line[lane.x + column * dilation] = values[8 * (row * size + column)]
                    }
                }
            }
        }
    }
}
