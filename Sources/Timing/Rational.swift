/// An exact fraction of two 64-bit integers, always in lowest terms with a positive denominator.
///
/// Timestamps, durations and frame rates are rationals from the demuxer to the muxer: a float would
/// drift over an hour at 24000/1001 frames a second. Intermediate products have 128 bits; a reduced
/// result beyond 64 bits is a programming error, so whatever reads timestamps from a file bounds them.
public struct Rational: Hashable, Sendable {
    public let numerator: Int64
    public let denominator: Int64

    public static let zero = Rational(0, 1)

    /// The fraction `numerator / denominator`, reduced. The denominator must not be zero.
    public init(_ numerator: Int64, _ denominator: Int64 = 1) {
        self.init(wide: Int128(numerator), Int128(denominator))
    }

    private init(wide numerator: Int128, _ denominator: Int128) {
        precondition(denominator != 0, "a rational needs a denominator other than zero")
        let sign: Int128 = denominator < 0 ? -1 : 1
        let divisor = Self.greatestCommonDivisor(numerator.magnitude, denominator.magnitude)
        self.numerator = Int64(sign * numerator / Int128(divisor))
        self.denominator = Int64(sign * denominator / Int128(divisor))
    }

    private static func greatestCommonDivisor<T: UnsignedInteger>(_ a: T, _ b: T) -> T {
        var (a, b) = (a, b)
        while b != 0 { (a, b) = (b, a % b) }
        return max(a, 1)
    }

    /// The largest fraction of which both are whole multiples. Both must be positive.
    public static func greatestCommonDivisor(_ a: Rational, _ b: Rational) -> Rational {
        let divisor = greatestCommonDivisor(a.denominator.magnitude, b.denominator.magnitude)
        // gcd(a/b, c/d) = gcd(a, c) / lcm(b, d), as both are in lowest terms.
        let multiple = Int128(a.denominator) / Int128(divisor) * Int128(b.denominator)
        let numerator = greatestCommonDivisor(a.numerator.magnitude, b.numerator.magnitude)
        guard multiple <= Int128(Int64.max) else { return Rational(1, Int64.max) }
        return Rational(Int64(numerator), Int64(multiple))
    }

    /// The nearest `Double`; for display and for networks that take a time, never for bookkeeping.
    public var doubleValue: Double { Double(numerator) / Double(denominator) }

    public var reciprocal: Rational { Rational(denominator, numerator) }

    public static func + (a: Rational, b: Rational) -> Rational {
        Rational(
            wide: Int128(a.numerator) * Int128(b.denominator) + Int128(b.numerator) * Int128(a.denominator),
            Int128(a.denominator) * Int128(b.denominator))
    }

    public static func - (a: Rational, b: Rational) -> Rational { a + Rational(-b.numerator, b.denominator) }

    public static func * (a: Rational, b: Rational) -> Rational {
        Rational(
            wide: Int128(a.numerator) * Int128(b.numerator), Int128(a.denominator) * Int128(b.denominator))
    }

    public static func / (a: Rational, b: Rational) -> Rational { a * b.reciprocal }

    /// The largest integer not above the fraction.
    public var floor: Int64 {
        let quotient = numerator / denominator
        return numerator % denominator < 0 ? quotient - 1 : quotient
    }

    /// The nearest integer; halves round away from zero, as FFmpeg's `AV_ROUND_NEAR_INF` does.
    public var rounded: Int64 {
        let magnitude = Rational(abs(numerator), denominator)
        let nearest = (magnitude + Rational(1, 2)).floor
        return numerator < 0 ? -nearest : nearest
    }
}

extension Rational: Comparable {
    public static func < (a: Rational, b: Rational) -> Bool {
        Int128(a.numerator) * Int128(b.denominator) < Int128(b.numerator) * Int128(a.denominator)
    }
}

extension Rational: CustomStringConvertible {
    public var description: String {
        denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)"
    }
}
