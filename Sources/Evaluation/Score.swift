import Foundation

/// How near a picture comes to the true one. All figures are of 8-bit RGB over the whole frame.
public struct Score: Sendable, Equatable {
    /// Interpolation error: the mean of |picture - truth| over pixels and channels, in code values from 0 to 255.
    ///
    /// It is what the tables of DAIN and later papers call IE; Middlebury's own site takes the root mean square.
    public var ie: Double
    /// Peak signal-to-noise ratio in decibels: 10·log10(255² / mean squared error); infinite for identical pictures.
    public var psnr: Double
    /// Structural similarity, at most 1; nil where a side of the picture is shorter than ``StructuralSimilarity/window``.
    public var ssim: Double?

    public init(ie: Double, psnr: Double, ssim: Double?) {
        (self.ie, self.psnr, self.ssim) = (ie, psnr, ssim)
    }

    /// Compares two pictures of one size.
    public init(of image: RGB8Image, against truth: RGB8Image) {
        precondition(image.hasSize(of: truth), "pictures of one size")
        // Whole numbers: exact for any picture that fits in memory.
        var (absolute, squared) = (0, 0)
        for (value, true_) in zip(image.values, truth.values) {
            let difference = Int(value) - Int(true_)
            absolute += abs(difference)
            squared += difference * difference
        }
        let count = Double(image.values.count)
        ie = Double(absolute) / count
        psnr = 10 * log10(255 * 255 / (Double(squared) / count))
        ssim = StructuralSimilarity.mean(of: image, and: truth)
    }

    /// The mean of each figure; nil for none.
    ///
    /// An infinite PSNR, of identical pictures, would hide all others: the mean is that of the finite ones, and infinite only
    /// where none is finite. The mean of SSIM is of those that are known.
    public static func mean(of scores: [Score]) -> Score? {
        guard !scores.isEmpty else { return nil }
        return Score(
            ie: mean(scores.map(\.ie)) ?? 0, psnr: mean(scores.map(\.psnr).filter(\.isFinite)) ?? .infinity,
            ssim: mean(scores.compactMap(\.ssim)))
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}

/// As JSON, which has no infinite numbers: `psnr` is null for identical pictures, `ssim` for those that are too small for it.
extension Score: Encodable {
    private enum Key: String, CodingKey { case ie, psnr, ssim }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(ie, forKey: .ie)
        try container.encode(psnr.isFinite ? psnr : nil, forKey: .psnr)
        try container.encode(ssim, forKey: .ssim)
    }
}
