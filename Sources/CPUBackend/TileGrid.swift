import Tensors

/// How a plane is cut into the tiles of a transformed convolution.
///
/// A dilation d makes d² interleaved planes (phases) of each plane, every one an undilated convolution of its own. Phases of
/// neighbouring columns are neighbouring tiles: eight of them read eight neighbouring pixels.
struct TileGrid: Sendable {
    let height: Int
    let width: Int
    let dilation: Int
    /// Outputs of a tile, along each side.
    let outputSize: Int
    private let rows: Int
    private let columns: Int

    init(_ plane: Shape, dilation: Int, outputSize: Int) {
        (height, width) = (plane.height, plane.width)
        self.dilation = dilation
        self.outputSize = outputSize
        let step = dilation * outputSize
        rows = (plane.height + step - 1) / step
        columns = (plane.width + step - 1) / step
    }

    var count: Int { dilation * dilation * rows * columns }

    /// The pixel of a tile's first output. A tile past the last one lies outside of the plane.
    func origin(_ tile: Int) -> (y: Int, x: Int) {
        guard tile < count else { return (height + dilation * outputSize, width) }
        let (position, phaseX) = tile.quotientAndRemainder(dividingBy: dilation)
        let (line, column) = position.quotientAndRemainder(dividingBy: columns)
        let (phaseY, row) = line.quotientAndRemainder(dividingBy: rows)
        return (
            phaseY + row * outputSize * dilation, phaseX + column * outputSize * dilation
        )
    }
}
