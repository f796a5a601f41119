/// A picture averaged down to a fixed grid, on which scenes are told apart whatever the picture's size.
///
/// Cell (x, y) is the mean of all pixels that lie in it; a picture with fewer pixels than cells repeats them.
public struct Thumbnail: Sendable {
    static let width = 64
    static let height = 36
    static let cells = width * height

    /// `[3, 36, 64]`, in [0, 1].
    let values: [Float]
    /// How many cells fall into each of 4×4×4 bins of RGB.
    let colours: [Int]

    public init(of picture: RGBPlanes) {
        let columns = Self.bounds(picture.width, cells: Self.width)
        let rows = Self.bounds(picture.height, cells: Self.height)
        values = picture.values.withUnsafeBufferPointer { source in
            var values = [Float](repeating: 0, count: 3 * Self.cells)
            for plane in 0..<3 {
                let pixels = source[(plane * picture.width * picture.height)...]
                for (row, vertical) in rows.enumerated() {
                    let cell = plane * Self.cells + row * Self.width
                    for y in vertical {
                        let line = UnsafeBufferPointer(
                            rebasing: pixels[(pixels.startIndex + y * picture.width)...].prefix(picture.width)
                        )
                        for (column, horizontal) in columns.enumerated() {
                            values[cell + column] += Self.sum(line, horizontal) / Float(horizontal.count)
                        }
                    }
                    for column in 0..<Self.width { values[cell + column] /= Float(vertical.count) }
                }
            }
            return values
        }
        colours = Self.histogram(values)
    }

    private static func histogram(_ values: [Float]) -> [Int] {
        var counts = [Int](repeating: 0, count: 64)
        for cell in 0..<cells {
            let bin = (0..<3).reduce(0) { bin, plane in
                // Not by `Int(_:)`, which a value that is no number would stop.
                let value = values[plane * cells + cell]
                return 4 * bin + (value >= 0.75 ? 3 : value >= 0.5 ? 2 : value >= 0.25 ? 1 : 0)
            }
            counts[bin] += 1
        }
        return counts
    }

    private static func bounds(_ size: Int, cells: Int) -> [Range<Int>] {
        (0..<cells).map { cell in
            let start = cell * size / cells
            return start..<max(start + 1, (cell + 1) * size / cells)
        }
    }

    private static func sum(_ line: UnsafeBufferPointer<Float>, _ range: Range<Int>) -> Float {
        var (sums, x) = (SIMD8<Float>.zero, range.lowerBound)
        let raw = UnsafeRawBufferPointer(line)
        while x + 8 <= range.upperBound {
            sums += raw.loadUnaligned(fromByteOffset: 4 * x, as: SIMD8<Float>.self)
            x += 8
        }
        var total = sums.sum()
        while x < range.upperBound {
            total += line[x]
            x += 1
        }
        return total
    }
}
