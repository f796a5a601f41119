import CCUDA
import Tensors

/// How the project's kernels for large convolutions cut one, and where they look for weights: `wide_convolution.cu` for half
/// precision and `float_convolution.cu` for float32.
///
/// A matrix has 64 rows: the outputs of a group of one, two or four pixels. Convolutions to 96 and 128 outputs have two.
package struct WideLayout: Sendable {
    /// A block makes so many groups in both directions.
    package static let side = 16
    /// Blocks that may share a tile: as many as every GPU of the kind can run side by side.
    package static let shares = 8
    private static let strips = 2
    /// More in flight hide no more.
    private static let mostTaps = 6
    /// What a block can have in all.
    package static let sharedLimit = 227 << 10

    package let isHalf: Bool
    /// Input channels of a chunk.
    package let channels: Int
    /// Of the matrix of weights.
    package let rows: Int
    /// Logarithms of the pixels of a group.
    package let across: Int
    package let down: Int
    /// Lines of groups under a column of the kernel, for each pixel down.
    package let lines: Int
    package let chunks: Int
    private let taps: Int
    private let stripBytes: Int
    private let tapBytes: Int
    private let description: ConvolutionDescription

    /// nil where the kernels are not written for such a convolution.
    package init?(_ description: ConvolutionDescription, isHalf: Bool) {
        guard description.stride == 1, description.kernel % 2 == 1, (3...11).contains(description.kernel),
            description.inputChannels >= 32, let group = Self.groups[description.outputChannels],
            description.dilation == 1 || group == (0, 0)
        else { return nil }
        (self.description, self.isHalf) = (description, isHalf)
        (across, down) = group
        rows = description.outputChannels <= 64 ? 64 : 128
        channels = !isHalf || rows == 64 && description.inputChannels <= 32 ? 32 : 64
        chunks = (description.inputChannels + channels - 1) / channels
        let radius = description.kernel / 2 * description.dilation
        lines = Self.side + ((radius + (1 << down) - 1) >> down) - (-radius >> down)
        let bytes = channels * (isHalf ? 2 : 4)
        (stripBytes, tapBytes) = ((lines << down) * Self.side * bytes, rows * bytes)
        taps = min(Self.mostTaps, (Self.sharedLimit - 1024 - Self.strips * stripBytes) / tapBytes)
        guard taps >= 3 else { return nil }
    }

    /// Whether maps of a size and layout can be computed.
    func fits(_ geometry: ConvolutionGeometry) -> Bool {
        let pitches = [geometry.inputPitch, geometry.outputPitch, geometry.residualPitch ?? 0]
        return geometry.isHalf == isHalf && geometry.allowsMatrixUnits == isHalf && !geometry.sumsAreFloat
            && geometry.outputChannels == description.outputChannels
            && pitches.allSatisfy { $0 % 8 == 0 } && fits(height: geometry.height, width: geometry.width)
    }

    package func fits(height: Int, width: Int) -> Bool {
        width % (1 << across) == 0 && height % (1 << down) == 0
    }

    package func tiles(height: Int, width: Int) -> Int {
        let span = (Self.side << across, Self.side << down)
        return (width + span.0 - 1) / span.0 * ((height + span.1 - 1) / span.1)
    }

    /// Whether there are too few tiles for the GPU, and enough to do in each that several blocks may share it. With matrix
    /// units there is not.
    package func isWorthSplitting(height: Int, width: Int) -> Bool {
        !isHalf && tiles(height: height, width: width) <= Self.mostSplitTiles
            && chunks * columns >= 2 * Self.shares
    }

    /// A third of what the GPU runs at a time.
    private static let mostSplitTiles = 44

    /// By outputs.
    private static let groups: [Int: (across: Int, down: Int)] = [
        16: (1, 1), 32: (0, 1), 64: (0, 0), 96: (0, 0), 128: (0, 0),
    ]

    func kernelName(isSplit: Bool) -> String {
        if !isHalf { return "float_convolution_\(rows)" + (isSplit ? "_split" : "") }
        if rows == 64 { return "wide_convolution_\(channels)" }
        let last = (description.inputChannels - (chunks - 1) * channels + 15) / 16
        return "wide_convolution_128_\(last)"
    }

    /// Strips and weights. In half precision the results of all groups take their place at the end, 16 bytes more than 128 for each
    /// matrix.
    ///
    /// - Parameter isSplit: Whether the blocks of a tile add up their sums, which all are there at once.
    package func sharedBytes(isSplit: Bool) -> Int {
        let staged = isHalf ? Self.side * Self.side * (rows / 64) * (2 * 64 + 16) : 0
        let sums = isSplit ? Self.side * Self.side * rows * 4 : 0
        return 1024 + max(Self.strips * stripBytes + taps * tapBytes, staged, sums)
    }

    func shape(slope: Float) -> WideShape {
        WideShape(
            chunks: Int32(chunks), columns: Int32(columns), rows: Int32(kernelRows),
            radius: Int32(description.kernel / 2), dilation: Int32(description.dilation),
            across: Int32(across), down: Int32(down), lines: Int32(lines), taps: Int32(taps),
            outputs: Int32(description.outputChannels), slope: slope)
    }

    // MARK: Weights: [chunk][column][row][matrix row][channel], or in float32 [chunk][column][row][channel][matrix row]

    package var columns: Int { description.kernel + (1 << across) - 1 }
    package var kernelRows: Int { description.kernel + (1 << down) - 1 }
    /// Pixels of a group.
    package var pixels: Int { 1 << (across + down) }
    package var weightCount: Int { chunks * columns * kernelRows * rows * channels }

    package func index(_ output: Int, _ pixel: Int, _ row: Int, _ column: Int, _ input: Int) -> Int {
        let (column, row) = (column + pixel % (1 << across), row + pixel >> across)
        let tap = (input / channels * columns + column) * kernelRows + row
        let (matrixRow, channel) = (pixel * description.outputChannels + output, input % channels)
        return isHalf
            ? (tap * rows + matrixRow) * channels + channel : (tap * channels + channel) * rows + matrixRow
    }
}
