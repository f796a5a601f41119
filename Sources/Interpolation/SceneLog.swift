import Scenes
import Timing

/// Something that was found in the source. Frames are counted from zero, times are in seconds.
public enum SceneEvent: Hashable, Sendable {
    /// The first frame of another scene, and how far apart it is from the frame before, in [0, 1].
    case cut(frame: Int, time: Rational, distance: Float)
    /// Frames `first ..< first + count` are alike; they are shown from `time` to `end`.
    case duplicates(first: Int, count: Int, time: Rational, end: Rational)
}

/// Turns what frames are to one another into events.
struct SceneLog {
    private var run: (first: Int, time: Rational)?
    private var last: Timeline.SourceFrame?
    private var index = 0

    /// Takes the source's next frame.
    mutating func add(
        _ time: Timeline.SourceFrame, _ relation: FrameRelation?, _ report: (SceneEvent) -> Void
    ) {
        if relation != .repeated {
            endRun(at: time.time, report)
            run = (index, time.time)
        }
        if case .cut(let distance) = relation {
            report(.cut(frame: index, time: time.time, distance: distance))
        }
        last = time
        index += 1
    }

    /// Ends with the source.
    mutating func finish(_ report: (SceneEvent) -> Void) {
        if let last { endRun(at: last.time + last.duration, report) }
        run = nil
    }

    private func endRun(at end: Rational, _ report: (SceneEvent) -> Void) {
        guard let run, index - run.first > 1 else { return }
        report(.duplicates(first: run.first, count: index - run.first, time: run.time, end: end))
    }
}
