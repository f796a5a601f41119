/// Puts tiles together: a weighted sum whose weights add up to one at every pixel.
struct TileBlend {
    private let horizontal: [[Float]]
    private let vertical: [[Float]]

    init(_ plan: TilePlan) {
        horizontal = Self.weights(plan.columns)
        vertical = Self.weights(plan.rows)
    }

    /// Adds what a tile contributes to a part of the frame.
    ///
    /// - Parameters:
    ///   - index: The tile's place in the plan.
    ///   - values: The tile, `[3, h, w]`.
    ///   - frame: `[3, height, width]`, whose first pixel is (left, top) of the padded frame.
    func add(
        tile index: Int, of plan: TilePlan, _ values: UnsafeBufferPointer<Float>,
        to frame: UnsafeMutableBufferPointer<Float>, left: Int, top: Int, width: Int, height: Int
    ) {
        let (row, column) = index.quotientAndRemainder(dividingBy: plan.columns.count)
        let (columns, rows) = (plan.columns[column], plan.rows[row])
        let visibleColumns = columns.clamped(to: left..<left + width)
        let visibleRows = rows.clamped(to: top..<top + height)
        let (across, down) = (horizontal[column], vertical[row])
        for channel in 0..<3 {
            for y in visibleRows {
                let rowWeight = down[y - rows.lowerBound]
                let from = (channel * rows.count + y - rows.lowerBound) * columns.count - columns.lowerBound
                let to = (channel * height + y - top) * width - left
                for x in visibleColumns {
                    frame[to + x] += rowWeight * across[x - columns.lowerBound] * values[from + x]
                }
            }
        }
    }

    /// For each piece of a side, the weight of each of its pixels.
    private static func weights(_ pieces: [Range<Int>]) -> [[Float]] {
        pieces.indices.map { index in
            pieces[index].map { position in
                let before = index == 0 ? 1 : rise(position, pieces[index - 1].upperBound, pieces[index])
                let after =
                    index + 1 == pieces.count
                    ? 0 : rise(position, pieces[index].upperBound, pieces[index + 1])
                return before - after
            }
        }
    }

    /// How far a piece has faded in at a position: from 0 to 1 over the ramp in the middle of its overlap with the piece
    /// before, which ends at `end`.
    private static func rise(_ position: Int, _ end: Int, _ piece: Range<Int>) -> Float {
        let start = (piece.lowerBound + end - TilePlan.ramp) / 2
        return min(1, max(0, (Float(position - start) + 0.5) / Float(TilePlan.ramp)))
    }
}
