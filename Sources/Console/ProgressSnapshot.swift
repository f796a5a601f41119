/// How far a job is at one moment, and its wording: pure values to text.
public struct ProgressSnapshot: Sendable, Equatable {
    /// What is counted, in the plural: `new frames`.
    public var unit: String
    public var done: Int
    /// How many there will be; nil where the input does not say. An estimate that turns out too low grows
    /// with `done`.
    public var total: Int?
    /// The recent rate, items a second; nil while it is unknown.
    public var perSecond: Double?
    /// The time left at that rate; nil while it is unknown.
    public var timeLeft: Duration?

    public init(unit: String, done: Int, total: Int?, perSecond: Double?, timeLeft: Duration?) {
        self.unit = unit
        self.done = done
        self.total = total.map { max($0, done) }
        self.perSecond = perSecond
        self.timeLeft = timeLeft
    }

    /// The share that is done, from 0 to 1; nil without a total.
    public var fraction: Double? {
        guard let total else { return nil }
        return total == 0 ? 1 : Double(done) / Double(total)
    }

    /// One line for a log: `12 of 47 new frames (25 %), 1.94 per second, 0:18 left`.
    public var logLine: String {
        var parts = [counted]
        if let fraction { parts[0] += " (\(Int(fraction * 100)) %)" }
        if let perSecond { parts.append("\(Self.format(rate: perSecond)) per second") }
        if let timeLeft { parts.append("\(Self.format(time: timeLeft)) left") }
        return parts.joined(separator: ", ")
    }

    /// A bar of at most `columns` characters; a narrow terminal loses first the bar, then the least
    /// important words: `[=======>          ]  25 %  12/47 new frames  1.94/s  0:18 left`.
    public func bar(columns: Int) -> String {
        let count = total.map { "\(done)/\($0)" } ?? "\(done)"
        let percent = fraction.map { "\(Self.pad(Int($0 * 100), to: 3)) %" }
        let rate = perSecond.map { "\(Self.format(rate: $0))/s" }
        let left = timeLeft.map { "\(Self.format(time: $0)) left" }

        // From the fullest wording to the shortest.
        let wordings = [
            [percent, "\(count) \(unit)", rate, left], [percent, count, rate, left], [percent, count, left],
            [percent, count], [percent ?? count],
        ].map { $0.compactMap { $0 }.joined(separator: "  ") }
        guard let words = wordings.first(where: { $0.count <= columns }) else {
            return String(wordings[wordings.count - 1].prefix(max(columns, 0)))
        }
        let room = min(columns - words.count - 4, 40)  // brackets and two spaces
        guard let fraction, room >= 8 else { return words }
        let filled = Int(fraction * Double(room))
        let head = filled < room ? String(repeating: "=", count: filled) + ">" : ""
        let cells = filled < room ? head : String(repeating: "=", count: room)
        return "[" + cells + String(repeating: " ", count: room - cells.count) + "]  " + words
    }

    /// The line that ends a finished job: `47 new frames in 0:24 (1.94 per second)`.
    public static func summary(unit: String, done: Int, elapsed: Duration) -> String {
        let seconds = elapsed.inSeconds
        let rate = seconds > 0 && done > 0 ? " (\(format(rate: Double(done) / seconds)) per second)" : ""
        return "\(done) \(unit) in \(format(time: elapsed))\(rate)"
    }

    /// `0:07`, `12:34` or `1:02:03`: hours, minutes and seconds, rounded to the nearest second.
    public static func format(time: Duration) -> String {
        let seconds = Int(max(time.inSeconds, 0).rounded())
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        let tail = (rest < 10 ? ":0" : ":") + "\(rest)"
        guard hours > 0 else { return "\(minutes)" + tail }
        return "\(hours):" + (minutes < 10 ? "0" : "") + "\(minutes)" + tail
    }

    /// Three significant digits where they matter: `0.031`, `1.94`, `27.3`, `240`.
    public static func format(rate: Double) -> String {
        let decimals = rate < 0.1 ? 3 : rate < 10 ? 2 : rate < 100 ? 1 : 0
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        guard rate.isFinite, rate >= 0, rate < 1e9 else { return "\(rate)" }
        let scaled = Int((rate * Double(scale)).rounded())
        guard decimals > 0 else { return "\(scaled)" }
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    private var counted: String {
        total.map { "\(done) of \($0) \(unit)" } ?? "\(done) \(unit)"
    }

    private static func pad(_ value: Int, to width: Int) -> String {
        let digits = "\(value)"
        return String(repeating: " ", count: max(0, width - digits.count)) + digits
    }
}
