import Foundation

/// Structural similarity by Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment", 2004, on luma.
///
/// As in the authors' own code: luma is 0.299 R + 0.587 G + 0.114 B of the 8-bit values (not rounded), means and
/// (co)variances are weighted by a Gaussian of 11×11 with sigma 1.5, K1 is 0.01, K2 0.03 and L 255, and the mean is taken
/// where the window lies inside the picture, at full size.
public enum StructuralSimilarity {
    /// The side of the window, in pixels.
    public static let window = 11

    private static let sigma = 1.5
    private static let c1 = (0.01 * 255) * (0.01 * 255)
    private static let c2 = (0.03 * 255) * (0.03 * 255)

    private static let weights: [Double] = {
        let values = (0..<window).map { exp(-pow(Double($0 - window / 2), 2) / (2 * sigma * sigma)) }
        let sum = values.reduce(0, +)
        return values.map { $0 / sum }
    }()

    /// The five quantities whose local means make up the index: x, y, x², y², xy.
    private typealias Moments = SIMD8<Double>

    /// The mean over the picture; nil where a side is shorter than the window. Both must have the same size.
    public static func mean(of first: RGB8Image, and second: RGB8Image) -> Double? {
        precondition(first.hasSize(of: second), "pictures of one size")
        let (width, height) = (first.width - window + 1, first.height - window + 1)
        guard width > 0, height > 0 else { return nil }
        // The rows under the window, filtered along x; the oldest one is replaced by the next.
        var rows = [[Moments]](repeating: [], count: window)
        var sum = 0.0
        for y in 0..<first.height {
            rows[y % window] = filteredRow(luma(first, y), luma(second, y), count: width)
            guard y >= window - 1 else { continue }
            let top = y - window + 1
            var filtered = [Moments](repeating: .zero, count: width)
            for (offset, weight) in weights.enumerated() {
                let row = rows[(top + offset) % window]
                for x in 0..<width { filtered[x] += weight * row[x] }
            }
            for moments in filtered { sum += index(moments) }
        }
        return sum / Double(width * height)
    }

    private static func index(_ m: Moments) -> Double {
        let (xx, yy, xy) = (m[0] * m[0], m[1] * m[1], m[0] * m[1])
        let (varianceX, varianceY, covariance) = (m[2] - xx, m[3] - yy, m[4] - xy)
        return (2 * xy + c1) * (2 * covariance + c2) / ((xx + yy + c1) * (varianceX + varianceY + c2))
    }

    private static func filteredRow(_ a: [Double], _ b: [Double], count: Int) -> [Moments] {
        let moments = zip(a, b).map { x, y in Moments(x, y, x * x, y * y, x * y, 0, 0, 0) }
        return (0..<count).map { x in
            var sum = Moments.zero
            for (offset, weight) in weights.enumerated() { sum += weight * moments[x + offset] }
            return sum
        }
    }

    private static func luma(_ image: RGB8Image, _ y: Int) -> [Double] {
        let area = image.width * image.height
        let row = y * image.width..<(y + 1) * image.width
        return row.map { index in
            let (red, green) = (Double(image.values[index]), Double(image.values[area + index]))
            let blue = Double(image.values[2 * area + index])
            return 0.299 * red + 0.587 * green + 0.114 * blue
        }
    }
}
