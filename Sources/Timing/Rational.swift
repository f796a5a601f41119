/// An exact fraction of two 64-bit integers, always in lowest terms with a positive denominator.
///
/// Timestamps, durations and frame rates are rationals from the demuxer to the muxer: a float would
/// drift over an hour at 24000/1001 frames a second. Intermediate products have 128 bits. A result that does
/// not fit 64 bits, which only damaged files lead to, becomes the nearest fraction that does: never a trap.
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
        let isNegative = (numerator < 0) != (denominator < 0)
        var (top, bottom) = (numerator.magnitude, denominator.magnitude)
        let divisor = Self.greatestCommonDivisor(top, bottom)
        (top, bottom) = (top / divisor, bottom / divisor)
        if top > Self.limit || bottom > Self.limit { (top, bottom) = Self.nearest(top, bottom) }
        self.numerator = isNegative ? -Int64(top) : Int64(top)
        self.denominator = Int64(bottom)
    }

    private static let limit = UInt128(Int64.max)

    /// The last convergent of the continued fraction whose parts fit.
    private static func nearest(_ numerator: UInt128, _ denominator: UInt128) -> (UInt128, UInt128) {
        var (before, last): ((UInt128, UInt128), (UInt128, UInt128)) = ((0, 1), (1, 0))
        var (a, b) = (numerator, denominator)
        while b != 0 {
            let (whole, rest) = a.quotientAndRemainder(dividingBy: b)
            // A quotient beyond the limit would overflow the products; its convergent does not fit either.
            guard whole <= limit else { break }
            let next = (whole * last.0 + before.0, whole * last.1 + before.1)
            guard next.0 <= limit, next.1 <= limit else { break }
            (before, last) = (last, next)
            (a, b) = (b, rest)
        }
        // Not even the whole part fits: the largest number there is.
        return last.1 == 0 ? (limit, 1) : last
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
