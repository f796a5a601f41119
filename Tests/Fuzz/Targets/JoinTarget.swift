import Foundation
import Media

/// Two segments, of which one is damaged, and the clip they come from.
struct JoinTarget: FuzzTarget {
    var name: String { "segments" }
    var summary: String { "a damaged segment beside a sound one" }

    func corpus() throws -> [[UInt8]] { try Self.segments() + Fixtures.earlier(name) }

    /// Halves of a clip, in two containers.
    private static func segments() throws -> [[UInt8]] {
        let scratch = try Scratch()
        defer { _ = Result { try scratch.remove() } }
        return try ["mkv", "mp4"].flatMap { ending in
            try [0..<6, 6..<12].map { range in
                var work = MeanInterpolation()
                work.encoder = EncoderSettings(codec: "mpeg4")
                (work.range, work.timing) = (range, CopyTiming(copiesOthers: false))
                let path = scratch.path("part.\(ending)")
                try work.run("\(Fixtures.folder)/clips/offset.mp4", InputSettings(), to: path)
                return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            }
        }
    }

    private static let sound = Result { try segments() }

    var mutator: Mutator {
        Mutator(tokens: ["moov", "stts", "stsz"], focus: .ends(900), greatestLength: 60_000)
    }

    func read(_ bytes: [UInt8], _ scratch: Scratch) throws {
        var choices = Choices(bytes)
        let (first, second) = (scratch.path("a"), scratch.path("b"))
        let isFirst = choices.once(in: 2)
        let sound = try Self.sound.get()
        let other = sound[(choices.once(in: 2) ? 0 : 2) + (isFirst ? 1 : 0)]
        try Data(isFirst ? bytes : other).write(to: URL(fileURLWithPath: first))
        try Data(isFirst ? other : bytes).write(to: URL(fileURLWithPath: second))
        let original = choices.pick([nil, "offset.mp4", "av.mp4"]).map { "\(Fixtures.folder)/clips/\($0)" }
        _ = try SegmentJoiner([first, second], original: original)
            .join(to: scratch.path("output.\(choices.pick(["mkv", "mp4"]))"), overwrite: true)
    }
}
