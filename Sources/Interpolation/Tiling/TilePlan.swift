/// How a frame is cut into tiles that a network can take one at a time.
///
/// Tiles are rectangles of the padded frame. Their sides and corners are multiples of 64, as the frame's sides are, so that a
/// tile's features lie on the same grid as the whole frame's. Neighbours overlap; in the middle of the overlap one fades
/// into the other, and what lies nearer to a tile's own edge is not used.
public struct TilePlan: Hashable, Sendable {
    /// Pixels that neighbouring tiles share at least, along each axis.
    public static let overlap = 192
    /// Of those, the pixels over which one fades into the other.
    public static let ramp = 64
    /// Every pixel that is used lies so far from the edges of its tile, except at the frame's own: within this distance a tile
    /// sees all that the whole frame would show. Motion up to here finds its target inside the tile.
    public static let margin = (overlap - ramp) / 2
    /// Sides are multiples of this.
    static let unit = 64
    /// Smaller tiles would be nothing but overlap.
    static let leastSide = 2 * overlap

    public struct Tile: Hashable, Sendable {
        public let columns: Range<Int>
        public let rows: Range<Int>
    }

    /// The padded frame.
    public let width: Int
    public let height: Int
    let columns: [Range<Int>]
    let rows: [Range<Int>]

    /// One tile: the frame itself.
    public init(width: Int, height: Int) {
        self.init(width: width, height: height, columns: [0..<width], rows: [0..<height])
    }

    private init(width: Int, height: Int, columns: [Range<Int>], rows: [Range<Int>]) {
        (self.width, self.height, self.columns, self.rows) = (width, height, columns, rows)
    }

    /// Every way to cut a frame, the whole frame among them.
    public static func all(width: Int, height: Int) -> [TilePlan] {
        let down = cuts(height)
        return cuts(width).flatMap { across in
            down.map { TilePlan(width: width, height: height, columns: across, rows: $0) }
        }
    }

    /// From the top left, row by row.
    public var tiles: [Tile] {
        rows.flatMap { rows in columns.map { Tile(columns: $0, rows: rows) } }
    }

    public var isWhole: Bool { columns.count == 1 && rows.count == 1 }

    /// Pixels of a tile; all tiles have the same size.
    public var tilePixels: Int { columns[0].count * rows[0].count }

    /// Pixels of all tiles together, overlaps counted as often as they are computed.
    public var computedPixels: Int { tilePixels * columns.count * rows.count }

    /// The ways to cut a side into pieces of one length, of one piece and more.
    private static func cuts(_ side: Int) -> [[Range<Int>]] {
        var cuts = [[0..<side]]
        var pieces = 2
        while true {
            // The pieces cover the side and the overlaps between them.
            let covered = side + (pieces - 1) * overlap
            let length = ((covered + pieces - 1) / pieces + unit - 1) / unit * unit
            guard length >= leastSide, length < side else { return cuts }
            // Where rounding left some pixels over, the overlaps grow.
            let starts = (0..<pieces).map { (side - length) * $0 / (pieces - 1) / unit * unit }
            cuts.append(starts.map { $0..<$0 + length })
            pieces += 1
        }
    }
}
