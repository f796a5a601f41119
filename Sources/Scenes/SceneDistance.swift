/// How far apart two pictures are as scenes, in [0, 1]: what decides whether there is a cut between them.
///
/// It is the geometric mean of two distances on thumbnails:
/// - the difference that motion cannot explain: each block of 8×6 cells of the second picture is sought in the first, up
///   to 6 cells away in each direction, and the mean absolute difference of the best places is taken;
/// - the difference of colours: half the sum of absolute differences of histograms with 4×4×4 bins of RGB.
///
/// Pans and fast motion leave the colours as they are, fades and changes of light are explained block by block or are
/// small from frame to frame; only another scene is high in both.
enum SceneDistance {
    static func between(_ first: Thumbnail, _ second: Thumbnail) -> Float {
        let colour = colourDistance(first, second)
        // The motion search is the dear part, and equal histograms settle the product.
        return colour == 0 ? 0 : (unexplainedDifference(first, second) * colour).squareRoot()
    }

    private static let radius = 6
    private static let blockHeight = 6
    private static let paddedWidth = Thumbnail.width + 2 * radius
    private static let paddedHeight = Thumbnail.height + 2 * radius

    /// The mean over blocks of the least mean absolute difference, in [0, 1].
    static func unexplainedDifference(_ first: Thumbnail, _ second: Thumbnail) -> Float {
        let padded = padded(first)
        return padded.withUnsafeBytes { padded in
            second.values.withUnsafeBytes { second in
                var total: Float = 0
                for top in stride(from: 0, to: Thumbnail.height, by: blockHeight) {
                    for left in stride(from: 0, to: Thumbnail.width, by: 8) {
                        total += leastDifference(padded, second, top, left)
                    }
                }
                let blocks = Thumbnail.cells / (8 * blockHeight)
                return total / Float(blocks * 3 * 8 * blockHeight)
            }
        }
    }

    /// The least sum of absolute differences of one block over all displacements.
    private static func leastDifference(
        _ padded: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ top: Int, _ left: Int
    ) -> Float {
        var least = Float.infinity
        for dy in 0...2 * radius {
            for dx in 0...2 * radius {
                var sums = SIMD8<Float>.zero
                for plane in 0..<3 {
                    for row in top..<top + blockHeight {
                        let there = ((plane * paddedHeight) + row + dy) * paddedWidth + left + dx
                        let here = (plane * Thumbnail.height + row) * Thumbnail.width + left
                        let difference =
                            padded.loadUnaligned(fromByteOffset: 4 * there, as: SIMD8<Float>.self)
                            - second.loadUnaligned(fromByteOffset: 4 * here, as: SIMD8<Float>.self)
                        sums += difference.magnitude
                    }
                }
                least = min(least, sums.sum())
            }
        }
        return least
    }

    /// The thumbnail with its border cells repeated outwards.
    private static func padded(_ thumbnail: Thumbnail) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(3 * paddedWidth * paddedHeight)
        for plane in 0..<3 {
            for y in -radius..<Thumbnail.height + radius {
                let row = min(max(y, 0), Thumbnail.height - 1)
                let start = (plane * Thumbnail.height + row) * Thumbnail.width
                for x in -radius..<Thumbnail.width + radius {
                    result.append(thumbnail.values[start + min(max(x, 0), Thumbnail.width - 1)])
                }
            }
        }
        return result
    }

    /// Half the sum of absolute differences of the two histograms, in [0, 1].
    static func colourDistance(_ first: Thumbnail, _ second: Thumbnail) -> Float {
        let difference = zip(first.colours, second.colours).reduce(0) { $0 + abs($1.0 - $1.1) }
        return Float(difference) / Float(2 * Thumbnail.cells)
    }
}
