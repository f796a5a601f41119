import Foundation

/// How far a computed tensor is from its reference, element by element.
package struct Agreement: CustomStringConvertible, Sendable {
    /// Largest absolute difference that float32 rounding in another order of summation explains.
    package static let tolerance: Float = 1e-3
    /// What float32 must reach. A position that rounding moves across a pixel border changes whole values, in a few elements.
    package static let requiredShare = 0.99
    /// What new frames must reach in float32, in dB.
    package static let requiredPSNR = 55.0

    package let name: String
    package private(set) var worst: Float = 0
    package private(set) var worstIndex = 0
    /// Flattened indices whose difference is above the tolerance (or not a number).
    package private(set) var outliers: [Int] = []
    private let compared: Int
    private var squares = 0.0

    /// - Parameters:
    ///   - expected: Elements 0, `stride`, 2·`stride`, … of the reference.
    ///   - computed: All elements, so many that none of those lies outside.
    package init(_ name: String, expected: [Float], stride: Int = 1, computed: [Float]) {
        self.name = name
        compared = expected.count
        for (position, value) in expected.enumerated() {
            let index = position * stride
            let difference = abs(computed[index] - value)
            squares += Double(difference) * Double(difference)
            if !(difference <= Self.tolerance) { outliers.append(index) }
            if !(difference <= worst), !worst.isNaN { (worst, worstIndex) = (difference, index) }
        }
    }

    package var shareWithinTolerance: Double { 1 - Double(outliers.count) / Double(compared) }

    /// Peak signal-to-noise ratio in dB for a peak of 1.
    package var psnr: Double { -10 * log10(max(squares / Double(compared), 1e-20)) }

    /// Whether every difference is a number, and so every computed value: all that is asked of values computed with less than
    /// float32.
    package var isFinite: Bool { worst.isFinite }

    /// Whether this is a frame, the blend or the rectified one, and no step to it.
    package var isFrame: Bool { name.hasPrefix("warped_") || name.hasPrefix("output_") }

    /// Whether it is as near as another way of computing in float32 must be.
    package var agreesAsFloat32: Bool {
        isFinite && shareWithinTolerance >= Self.requiredShare && (!isFrame || psnr >= Self.requiredPSNR)
    }

    package var description: String {
        String(
            format: "%@: worst %.2e at %d, %.4f %% within %.0e, PSNR %.1f dB", name, worst, worstIndex,
            100 * shareWithinTolerance, Self.tolerance, psnr)
    }
}
