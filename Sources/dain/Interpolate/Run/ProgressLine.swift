import Foundation

/// One line of `--progress json` and `--progress-file`. Its names are part of the program's interface.
///
/// Values that are not known are null, so that every line has the same keys.
struct ProgressLine: Encodable {
    var input: String
    var output: String
    /// Which of the inputs it is, from 1, and of how many.
    var item: Int
    var items: Int
    /// Frames of the result that are made, and how many there will be.
    var frame: Int
    var total: Int?
    /// Of the frames that are made, those that the network made.
    var newFrames: Int
    /// From 0 to 100.
    var percent: Double?
    /// New frames a second, of late.
    var rate: Double?
    var secondsElapsed: Double
    var secondsLeft: Double?
    var stages: StageClock.Seconds

    enum CodingKeys: CodingKey {
        case input, output, item, items, frame, total, newFrames, percent, rate, secondsElapsed, secondsLeft,
            stages
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(input, forKey: .input)
        try container.encode(output, forKey: .output)
        try container.encode(item, forKey: .item)
        try container.encode(items, forKey: .items)
        try container.encode(frame, forKey: .frame)
        try container.encode(total, forKey: .total)
        try container.encode(newFrames, forKey: .newFrames)
        try container.encode(percent, forKey: .percent)
        try container.encode(rate, forKey: .rate)
        try container.encode(secondsElapsed, forKey: .secondsElapsed)
        try container.encode(secondsLeft, forKey: .secondsLeft)
        try container.encode(stages, forKey: .stages)
    }

    /// On one line, without its end.
    var json: String { RunJSON.line(self) }
}

/// How this command writes JSON: keys in snake_case, sorted.
enum RunJSON {
    static func line(_ value: some Encodable) -> String { text(value, []) }

    static func object(_ value: some Encodable) -> String { text(value, .prettyPrinted) }

    private static func text(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            preconditionFailure("\(type(of: value)) has values that JSON has not: \(error)")
        }
    }
}
