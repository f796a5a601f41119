import Timing

/// A time as messages state it, in seconds; with hours and minutes where there are any.
func timeText(_ time: Rational) -> String {
    let thousandths = (time * Rational(1000)).rounded
    let (whole, rest) = (thousandths.magnitude / 1000, thousandths.magnitude % 1000)
    func digits(_ number: UInt64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let fraction = rest == 0 ? "" : "." + digits(rest, 3)
    let sign = thousandths < 0 ? "-" : ""
    if whole < 60 { return "\(sign)\(whole)\(fraction) s" }
    return "\(sign)\(whole / 3600):\(digits(whole / 60 % 60, 2)):\(digits(whole % 60, 2))\(fraction)"
}
