/// A pair of linear maps that turn the convolution of a tile into products of single values.
///
/// The tile of `size`×`size` samples and the filter become `planes` values each; their products, summed over input
/// channels plane by plane, become `outputSize`×`outputSize` outputs. All maps work on eight tiles (or filters) at once, one a
/// lane, so that no step of them mixes lanes.
protocol TileTransform: Sendable {
    /// Samples of a tile, along each side.
    var size: Int { get }
    /// Outputs of a tile, along each side: `size - kernel + 1`.
    var outputSize: Int { get }
    /// Products that a tile needs for each pair of an input and an output channel.
    var planes: Int { get }
    /// Vectors that the maps need as scratch.
    var workCount: Int { get }

    /// Maps samples, row by row, to `target[plane * stride]`.
    func forward(
        _ samples: UnsafePointer<Vector>, work: UnsafeMutablePointer<Vector>,
        to target: UnsafeMutablePointer<Float>, stride: Int)

    /// Maps a filter's taps, row by row, to `target[plane * stride]`.
    func filter(
        _ taps: UnsafePointer<Vector>, work: UnsafeMutablePointer<Vector>,
        to target: UnsafeMutablePointer<Float>, stride: Int)

    /// Maps sums of products `source[plane * stride]` to outputs, row by row.
    func inverse(
        _ source: UnsafePointer<Float>, stride: Int, work: UnsafeMutablePointer<Vector>,
        to outputs: UnsafeMutablePointer<Vector>)
}
