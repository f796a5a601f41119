extension Rational {
    /// A frame rate as people write it: `60`, `60000/1001`, `12.5`.
    ///
    /// The decimals that stand for NTSC rates (`23.976`, `23.98`, `29.97`, `59.94`, `119.88`, …) mean multiples of
    /// 1000/1001, as they do on cameras and displays: taken literally they would drift by a frame in hours. nil when the
    /// text is no positive number, or needs more than nine digits before or behind the point or stroke.
    public init?(frameRate text: String) {
        guard let literal = Self.fraction(text) ?? Self.decimal(text), literal > .zero else { return nil }
        self = text.contains(".") ? Self.broadcastRate(near: literal) ?? literal : literal
    }

    /// Two whole numbers of up to nine digits and a stroke between them.
    static func fraction(_ text: String) -> Rational? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let numerator = digits(parts[0]), let denominator = digits(parts[1]),
            denominator > 0
        else { return nil }
        return Rational(numerator, denominator)
    }

    /// A number with up to nine digits before the point and behind it, exactly.
    static func decimal(_ text: String) -> Rational? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = digits(parts[0]) else { return nil }
        guard parts.count == 2 else { return Rational(whole) }
        guard let decimals = digits(parts[1]) else { return nil }
        let scale = parts[1].reduce(Int64(1)) { product, _ in product * 10 }
        return Rational(whole) + Rational(decimals, scale)
    }

    /// A whole number of up to nine digits.
    static func digits(_ text: Substring) -> Int64? {
        (1...9).contains(text.count) && text.utf8.allSatisfy { (48...57).contains($0) } ? Int64(text) : nil
    }

    /// A positive number as people write it: `2`, `2.5`, `5/2`; exact, with up to nine digits before and behind the point or
    /// stroke.
    public init?(ratio text: String) {
        guard let value = Self.fraction(text) ?? Self.decimal(text), value > .zero else { return nil }
        self = value
    }

    /// The multiple of 1000/1001 that a decimal rounds: within a hundredth of it, and a whole rate short of one thousandth.
    private static func broadcastRate(near rate: Rational) -> Rational? {
        let whole = (rate * Rational(1001, 1000)).rounded
        let broadcast = Rational(whole * 1000, 1001)
        let difference = broadcast > rate ? broadcast - rate : rate - broadcast
        let knownRates: Set<Int64> = [24, 30, 48, 60, 72, 90, 96, 120, 144, 240]
        return knownRates.contains(whole) && rate != Rational(whole) && difference < Rational(1, 200)
            ? broadcast : nil
    }
}
