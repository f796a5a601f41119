import Foundation

/// How far a computed tensor is from its reference.
struct Agreement: CustomStringConvertible {
    /// Largest absolute difference that float32 rounding in another order of summation explains.
    static let tolerance: Float = 1e-3

    var name: String
    var worst: Float = 0
    var worstIndex = 0
    /// Flattened indices whose difference is above the tolerance (or not a number).
    var outliers: [Int] = []
    var compared = 0
    private var squares = 0.0

    init(_ expected: ParityFixture.Expected, _ computed: [Float]) {
        name = expected.name
        for (position, value) in expected.values.enumerated() {
            let index = position * expected.stride
            let difference = abs(computed[index] - value)
            compared += 1
            squares += Double(difference * difference)
            if !(difference <= Self.tolerance) { outliers.append(index) }
            if !(difference <= worst), !worst.isNaN { (worst, worstIndex) = (difference, index) }
        }
    }

    var shareWithinTolerance: Double { 1 - Double(outliers.count) / Double(compared) }

    /// Peak signal-to-noise ratio in dB for a peak of 1.
    var psnr: Double { -10 * log10(max(squares / Double(compared), 1e-20)) }

    var description: String {
        String(
            format: "%@: worst %.2e at %d, %.4f %% within %.0e, PSNR %.1f dB", name, worst, worstIndex,
            100 * shareWithinTolerance, Self.tolerance, psnr)
    }
}
