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

    let height: Int
    let halo: Int
    /// Rows that a strip reads.
    let rows: Int

    func makeIterator() -> some IteratorProtocol<Strip> {
        // A last strip that would be less than half as high as the others joins the one before.
        let rows = Swift.min(rows, height + halo)
        let step = rows - 2 * halo
        let first = rows - halo
        var starts = [0]
        var next = first
        while height - next > rows / 2 {
            starts.append(next)
            next += step
        }
        let ends = starts.dropFirst() + [height]
        return zip(starts, ends).lazy.map { start, end in
            Strip(input: Swift.max(0, start - halo)..<Swift.min(height, end + halo), output: start..<end)
        }.makeIterator()
    }
}
