import Foundation
import Interpolation
import Media
import Timing

/// What `--report` writes. The names of its JSON are part of the program's interface.
struct SceneReport: Encodable {
    /// A time in seconds: exact as a fraction, and as a number for display.
    struct Time: Encodable {
        var exact: String
        var seconds: Double

        init(_ time: Rational) { (exact, seconds) = (time.description, time.doubleValue) }
    }

    /// The first frame of another scene.
    struct Cut: Encodable {
        var frame: Int
        var time: Time
        var distance: Float
    }

    /// Frames from `first` on that are alike.
    struct Run: Encodable {
        var first: Int
        var count: Int
        var time: Time
        var end: Time
    }

    var version = dainVersion
    var input: String
    /// The least distance of a cut; absent where none were looked for.
    var sceneThreshold: Float?
    /// The greatest mean differences of repeats, in [0, 1].
    var pictureTolerance: Float
    var blockTolerance: Float
    /// Frames of the input that were looked at.
    var frames = 0
    var cuts: [Cut] = []
    var duplicates: [Run] = []

    init(input: String, _ settings: SceneSettings) {
        (self.input, sceneThreshold) = (input, settings.cutThreshold)
        (pictureTolerance, blockTolerance) = (settings.tolerance.picture, settings.tolerance.block)
    }

    /// Takes an event, whose times are stretched as the pipeline's are.
    mutating func add(_ event: SceneEvent, stretch: Rational) {
        switch event {
        case .cut(let frame, let time, let distance):
            cuts.append(Cut(frame: frame, time: Time(time / stretch), distance: distance))
        case .duplicates(let first, let count, let time, let end):
            duplicates.append(
                Run(first: first, count: count, time: Time(time / stretch), end: Time(end / stretch)))
        }
    }

    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }
}
