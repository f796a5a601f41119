import CCUDA
import Tensors

/// How the project's kernel for the matrix units cuts a convolution, and where it looks for weights.
///
/// A matrix has 64 rows: the outputs of a group of one, two or four pixels. Convolutions to 128 outputs have two.
struct WideLayout: Sendable {
    /// A block makes so many groups in both directions.
    static let side = 16
    private static let strips = 2
    /// More in flight hide no more.
    private static let mostTaps = 6
    /// What a block can have in all.
    private static let sharedLimit = 227 << 10

    /// Input channels of a chunk.
    let channels: Int
    /// Of the matrix of weights.
    let rows: Int
    /// Logarithms of the pixels of a group.
    let across: Int
    let down: Int
    /// Lines of groups under a column of the kernel, for each pixel down.
    let lines: Int
    private let chunks: Int
    private let taps: Int
    private let description: ConvolutionDescription

    /// nil where the kernel is not written for such a convolution.
    init?(_ description: ConvolutionDescription) {
        guard description.stride == 1, description.kernel % 2 == 1, (3...11).contains(description.kernel),
            description.inputChannels >= 32, let group = Self.groups[description.outputChannels],
            description.dilation == 1 || group == (0, 0)
        else { return nil }
        self.description = description
        (across, down) = group
        rows = max(64, description.outputChannels)
        channels = rows == 64 && description.inputChannels <= 32 ? 32 : 64
        chunks = (description.inputChannels + channels - 1) / channels
        let radius = description.kernel / 2 * description.dilation
        lines = Self.side + ((radius + (1 << down) - 1) >> down) - (-radius >> down)
        let strip = (lines << down) * Self.side * channels * 2
        taps = min(Self.mostTaps, (Self.sharedLimit - 1024 - Self.strips * strip) / (rows * channels * 2))
        guard taps >= 3 else { return nil }
    }

    /// Whether maps of a size and layout can be computed.
    func fits(_ geometry: ConvolutionGeometry) -> Bool {
        let pitches = [geometry.inputPitch, geometry.outputPitch, geometry.residualPitch ?? 0]
        return geometry.isHalf && !geometry.sumsAreFloat && geometry.allowsMatrixUnits
            && geometry.outputChannels == description.outputChannels
            && pitches.allSatisfy { $0 % 8 == 0 }
            && geometry.width % (1 << across) == 0 && geometry.height % (1 << down) == 0
    }

    /// By outputs.
    private static let groups: [Int: (across: Int, down: Int)] = [
        16: (1, 1), 32: (0, 1), 64: (0, 0), 128: (0, 0),
    ]

    var kernelName: String {
        if rows == 64 { return "wide_convolution_\(channels)" }
        let last = (description.inputChannels - (chunks - 1) * channels + 15) / 16
        return "wide_convolution_128_\(last)"
    }

    /// Strips and weights; at the end the results of all groups, for which that suffices: 16 bytes more than 128 each.
    var sharedBytes: Int {
        let strip = (lines << down) * Self.side * channels * 2
        let staged = Self.side * Self.side * (rows / 64) * (2 * 64 + 16)
        return 1024 + max(Self.strips * strip + taps * rows * channels * 2, staged)
    }

    func shape(slope: Float) -> WideShape {
        WideShape(
            chunks: Int32(chunks), columns: Int32(columns), rows: Int32(kernelRows),
            radius: Int32(description.kernel / 2), dilation: Int32(description.dilation),
            across: Int32(across), down: Int32(down), lines: Int32(lines), taps: Int32(taps),
            outputs: Int32(description.outputChannels), slope: slope)
    }

    // MARK: Weights: [chunk][column][row][matrix row][channel]

    private var columns: Int { description.kernel + (1 << across) - 1 }
    private var kernelRows: Int { description.kernel + (1 << down) - 1 }
    /// Pixels of a group.
    var pixels: Int { 1 << (across + down) }
    var weightCount: Int { chunks * columns * kernelRows * rows * channels }

    func index(_ output: Int, _ pixel: Int, _ row: Int, _ column: Int, _ input: Int) -> Int {
        let (column, row) = (column + pixel % (1 << across), row + pixel >> across)
        let tap = (input / channels * columns + column) * kernelRows + row
        return (tap * rows + pixel * description.outputChannels + output) * channels + input % channels
    }
}
