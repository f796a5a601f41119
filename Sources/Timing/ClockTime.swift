extension Rational {
    /// A time as people write it, in seconds: `90`, `90.5`, `1:30.5`, `0:01:30.500`.
    ///
    /// Exact; the seconds may have up to nine decimals. nil for anything else, for minutes and seconds of 60 or more behind
    /// a colon, and for negative times.
    public init?(clockTime text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count), let last = parts.last, let seconds = Self.decimal(String(last))
        else {
            return nil
        }
        var time = Rational.zero
        for (index, part) in parts.dropLast().enumerated() {
            guard let value = Self.digits(part), index == 0 || value < 60 else { return nil }
            time = (time + Rational(value)) * Rational(60)
        }
        guard parts.count == 1 || seconds < Rational(60) else { return nil }
        self = time + seconds
    }
}
