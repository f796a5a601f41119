/// A feature map cut into strips of rows, for a convolution whose input is too large to hold whole.
///
/// Each strip reads `halo` rows more than it writes on each side, except at the map's borders: what it writes is what
/// the convolution of the whole map would.
struct RowStrips: Sequence {
    struct Strip: Hashable {
        /// Rows that are read.
        var input: Range<Int>
        /// Rows that are written.
        var output: Range<Int>
    }

    /// Rows that a strip reads. Thirteen tiles of the transform of a 7×7 convolution, which writes ten rows each: the halo costs
    /// 4 % of the convolution.
    private static let rows = 130

    let height: Int
    let halo: Int

    func makeIterator() -> some IteratorProtocol<Strip> {
        // A last strip that would be less than half as high as the others joins the one before.
        let step = Self.rows - 2 * halo
        let first = Self.rows - halo
        var starts = [0]
        var next = first
        while height - next > Self.rows / 2 {
            starts.append(next)
            next += step
        }
        let ends = starts.dropFirst() + [height]
        return zip(starts, ends).lazy.map { start, end in
            Strip(input: Swift.max(0, start - halo)..<Swift.min(height, end + halo), output: start..<end)
        }.makeIterator()
    }
}
