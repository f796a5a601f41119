/// Winograd's minimal filtering F(4×4, 3×3) (Lavin & Gray, CVPR 2016): 36 products for 16 outputs, where the definition
/// needs 144.
///
/// Tile and filter are polynomials, evaluated at 0, ±a, ±b and ∞ and multiplied there. The published a = 1, b = 2
/// lose more than a digit to cancellation; a = √½, b = √2 keep the coefficients of both maps near one, so that the
/// rounding error is about a third of that.
struct WinogradTransform: TileTransform {
    var size: Int { 6 }
    var outputSize: Int { 4 }
    var planes: Int { 36 }
    var workCount: Int { 36 }

    private static let a: Float = Float(0.5).squareRoot()
    private static let b: Float = Float(2).squareRoot()
    private static let aa: Float = 0.5
    private static let bb: Float = 2
    private static let aaPlusBB: Float = 2.5

    func forward(
        _ samples: UnsafePointer<Vector>, work: UnsafeMutablePointer<Vector>,
        to target: UnsafeMutablePointer<Float>, stride: Int
    ) {
        for column in 0..<6 {
            let s = samples + column
            let r = Self.evaluate(s[0], s[6], s[12], s[18], s[24], s[30])
            let w = work + column
            (w[0], w[6], w[12], w[18], w[24], w[30]) = r
        }
        for row in 0..<6 {
            let w = work + 6 * row
            let r = Self.evaluate(w[0], w[1], w[2], w[3], w[4], w[5])
            let t = target + 6 * row * stride
            r.0.store(unaligned: t)
            r.1.store(unaligned: t + stride)
            r.2.store(unaligned: t + 2 * stride)
            r.3.store(unaligned: t + 3 * stride)
            r.4.store(unaligned: t + 4 * stride)
            r.5.store(unaligned: t + 5 * stride)
        }
    }

    func filter(
        _ taps: UnsafePointer<Vector>, work: UnsafeMutablePointer<Vector>,
        to target: UnsafeMutablePointer<Float>, stride: Int
    ) {
        for column in 0..<3 {
            let r = Self.evaluateFilter(taps[column], taps[3 + column], taps[6 + column])
            let w = work + column
            (w[0], w[3], w[6], w[9], w[12], w[15]) = r
        }
        for row in 0..<6 {
            let r = Self.evaluateFilter(work[3 * row], work[3 * row + 1], work[3 * row + 2])
            let t = target + 6 * row * stride
            r.0.store(unaligned: t)
            r.1.store(unaligned: t + stride)
            r.2.store(unaligned: t + 2 * stride)
            r.3.store(unaligned: t + 3 * stride)
            r.4.store(unaligned: t + 4 * stride)
            r.5.store(unaligned: t + 5 * stride)
        }
    }

    func inverse(
        _ source: UnsafePointer<Float>, stride: Int, work: UnsafeMutablePointer<Vector>,
        to outputs: UnsafeMutablePointer<Vector>
    ) {
        for row in 0..<6 {
            let s = source + 6 * row * stride
            let r = Self.interpolate(
                Vector(unaligned: s), Vector(unaligned: s + stride), Vector(unaligned: s + 2 * stride),
                Vector(unaligned: s + 3 * stride), Vector(unaligned: s + 4 * stride),
                Vector(unaligned: s + 5 * stride))
            let w = work + 4 * row
            (w[0], w[1], w[2], w[3]) = r
        }
        for column in 0..<4 {
            let w = work + column
            let r = Self.interpolate(w[0], w[4], w[8], w[12], w[16], w[20])
            let o = outputs + column
            (o[0], o[4], o[8], o[12]) = r
        }
    }

    private typealias Six = (Vector, Vector, Vector, Vector, Vector, Vector)

    /// The residues of a tile's polynomial: `Bᵀ` of the paper for these points.
    @inline(__always)
    private static func evaluate(
        _ x0: Vector, _ x1: Vector, _ x2: Vector, _ x3: Vector, _ x4: Vector, _ x5: Vector
    ) -> Six {
        // a²·b² = 1, so that x0 and x1 need no factor.
        let evenA = x4 - bb * x2
        let oddA = a * (x3 - bb * x1)
        let evenB = x4 - aa * x2
        let oddB = b * (x3 - aa * x1)
        return (
            x0 + x4 - aaPlusBB * x2, evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB,
            x1 + x5 - aaPlusBB * x3
        )
    }

    /// The filter's polynomial at the points, over the product of their distances: `G` of the paper.
    @inline(__always)
    private static func evaluateFilter(_ w0: Vector, _ w1: Vector, _ w2: Vector) -> Six {
        let (scaleA, scaleB): (Float, Float) = (1 / (2 * aa * (aa - bb)), 1 / (2 * bb * (bb - aa)))
        let (evenA, oddA) = (scaleA * (w0 + aa * w2), (scaleA * a) * w1)
        let (evenB, oddB) = (scaleB * (w0 + bb * w2), (scaleB * b) * w1)
        return (w0, evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, w2)
    }

    /// `Aᵀ` of the paper.
    @inline(__always)
    private static func interpolate(
        _ r0: Vector, _ r1: Vector, _ r2: Vector, _ r3: Vector, _ r4: Vector, _ r5: Vector
    ) -> (Vector, Vector, Vector, Vector) {
        let (sumA, differenceA) = (r1 + r2, a * (r1 - r2))
        let (sumB, differenceB) = (r3 + r4, b * (r3 - r4))
        return (
            r0 + sumA + sumB, differenceA + differenceB, aa * sumA + bb * sumB,
            aa * differenceA + bb * differenceB + r5
        )
    }
}
