import ArgumentParser
import Media
import Timing

/// Which part of the input is shown, and how fast.
struct TimeOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Slow motion: the same frame rate, N times as long; N is above 1 and up to 1000, such as 2 or 2.5.",
            valueName: "n"),
        transform: Self.slowdown)
    var slowdown: Rational?

    @Option(
        name: .long, help: "Sound in slow motion: drop it, or stretch it at its pitch, which encodes it anew."
    )
    var audio = AudioChoice.drop

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where to begin: seconds, or hh:mm:ss with decimals (default: at the beginning).",
            valueName: "time"),
        transform: Self.time)
    var start: Rational?

    @Option(
        name: .long,
        help: ArgumentHelp("Where to end, on the same clock (default: at the end).", valueName: "time"),
        transform: Self.time)
    var end: Rational?

    @Option(
        name: .long, help: ArgumentHelp("Make so many frames of the result and no more.", valueName: "n"))
    var frames: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Make a segment for 'dain join': what lies from input frame A up to, not including, frame B; video only.",
            valueName: "a:b"),
        transform: Self.range)
    var range: Range<Int>?

    enum AudioChoice: String, ExpressibleByArgument, CaseIterable { case drop, stretch }

    func validate() throws {
        if let start, let end, start >= end { throw ValidationError("--end must lie behind --start") }
        if end == .zero { throw ValidationError("--end must be above 0") }
        if let frames, frames < 1 { throw ValidationError("--frames must be at least 1") }
        if range != nil, slowdown != nil || start != nil || end != nil || frames != nil {
            throw ValidationError("--range excludes --slowdown, --start, --end and --frames")
        }
        if audio == .stretch, slowdown == nil {
            throw ValidationError("--audio stretch goes with --slowdown")
        }
    }

    /// Whether any of the options is given.
    var isGiven: Bool { slowdown != nil || start != nil || end != nil || frames != nil || range != nil }

    var timing: CopyTiming {
        CopyTiming(
            start: start ?? .zero, end: end, stretch: slowdown ?? Rational(1),
            sound: audio == .stretch ? .stretch : .drop, endsWithVideo: frames != nil,
            copiesOthers: range == nil, beginsLater: (range?.lowerBound ?? 0) > 0)
    }

    private static func slowdown(_ text: String) throws -> Rational {
        guard let value = Rational(ratio: text), value > Rational(1), value <= Rational(1000) else {
            throw ValidationError("'\(text)' is no number above 1 and up to 1000, such as 2 or 2.5")
        }
        return value
    }

    private static func range(_ text: String) throws -> Range<Int> {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { part in
            (1...9).contains(part.count) && part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil
        }
        guard parts.count == 2, let first = parts[0], let end = parts[1], first < end else {
            throw ValidationError(
                "'\(text)' is no range of frames such as 0:240, where the second is left out")
        }
        return first..<end
    }

    private static func time(_ text: String) throws -> Rational {
        guard let time = Rational(clockTime: text) else {
            throw ValidationError("'\(text)' is no time, such as 90.5 or 0:01:30.500")
        }
        return time
    }
}
