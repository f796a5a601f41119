/// What the samples of a Y'CbCr picture are like, and what they mean: all that a conversion to RGB and back depends on.
///
/// Samples lie plane by plane (Y', Cb, Cr) and row by row without gaps: a byte each for 8 bits, else two, the lower one first.
public struct SampleFormat: Hashable, Sendable {
    /// The least bits of a sample, and the most that this describes.
    public static let depths = 8...14

    public let width: Int
    public let height: Int
    /// Bits of a sample.
    public let depth: Int
    /// Whether chroma has half as many columns, and half as many rows, rounded up.
    public let halvesColumns: Bool
    public let halvesRows: Bool
    /// Where the first sample of halved chroma lies, in 1/256 of the distance between two luma samples: 0 at the first of them.
    public let chromaLeft: Int
    public let chromaTop: Int
    public let matrix: ColourMatrix

    public init(
        width: Int, height: Int, depth: Int, halvesColumns: Bool, halvesRows: Bool, chromaLeft: Int = 0,
        chromaTop: Int = 0, matrix: ColourMatrix
    ) {
        precondition(width > 0 && height > 0 && Self.depths.contains(depth), "a picture of samples")
        (self.width, self.height, self.depth, self.matrix) = (width, height, depth, matrix)
        (self.halvesColumns, self.halvesRows) = (halvesColumns, halvesRows)
        // Of no matter otherwise, and formats that mean the same are equal.
        self.chromaLeft = halvesColumns ? chromaLeft : 0
        self.chromaTop = halvesRows ? chromaTop : 0
    }

    public var chromaWidth: Int { halvesColumns ? (width + 1) / 2 : width }
    public var chromaHeight: Int { halvesRows ? (height + 1) / 2 : height }
    public var bytesPerSample: Int { depth > 8 ? 2 : 1 }
    /// Samples of all planes.
    public var sampleCount: Int { width * height + 2 * chromaWidth * chromaHeight }
    public var byteCount: Int { sampleCount * bytesPerSample }

    /// From the picture's chroma to one sample a pixel, along a row and along a column.
    public var upsampling: (columns: ResamplingFilter, rows: ResamplingFilter) {
        (
            ResamplingFilter(
                from: chromaWidth, to: width, sourcePosition: place(chromaLeft, halvesColumns),
                unit: ResamplingFilter.rowUnit),
            ResamplingFilter(
                from: chromaHeight, to: height, sourcePosition: place(chromaTop, halvesRows),
                unit: ResamplingFilter.columnUnit)
        )
    }

    /// The way back.
    public var downsampling: (columns: ResamplingFilter, rows: ResamplingFilter) {
        (
            ResamplingFilter(
                from: width, to: chromaWidth, targetPosition: place(chromaLeft, halvesColumns),
                unit: ResamplingFilter.rowUnit),
            ResamplingFilter(
                from: height, to: chromaHeight, targetPosition: place(chromaTop, halvesRows),
                unit: ResamplingFilter.columnUnit)
        )
    }

    /// Where the centre of the first sample lies in units of 1/128 of its own size, from the picture's edge.
    private func place(_ position: Int, _ isHalved: Bool) -> Int {
        isHalved ? (position + 128) >> 1 : 128
    }
}

extension SampleFormat: CustomStringConvertible {
    /// All of it: formats that differ have different descriptions.
    public var description: String {
        let chroma = "\(halvesColumns ? "h" : "")\(halvesRows ? "v" : "")@\(chromaLeft),\(chromaTop)"
        return "\(width)x\(height) \(depth) bits \(chroma) \(matrix.red),\(matrix.blue) \(matrix.black)"
            + "+\(matrix.lumaSpan),\(matrix.chromaSpan)"
    }
}
