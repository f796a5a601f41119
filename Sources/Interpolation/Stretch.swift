import Scenes
import Timing

/// A part of the source that new frames are made of: from one frame to the next, or to the next drawing.
struct Stretch<Picture: Sendable>: Sendable {
    enum Course: Hashable, Sendable {
        /// New frames lead from the first frame to the second.
        case moving
        /// There is nothing between: new frames are the first frame.
        case still
        /// The two do not belong together: new frames are the nearer one.
        case cut
    }

    /// What an output frame shows.
    enum Content: Hashable, Sendable {
        case first
        case second
        /// A new frame, 0 < t < 1 of the way.
        case between(Rational)
    }

    var first: SourceFrame<Picture>
    /// nil at the end of the source.
    var second: SourceFrame<Picture>?
    var course: Course
    /// When the source frames are shown that lie in it: the first, and repeats of it that give way to new frames.
    var times: [Timeline.SourceFrame]
    /// Source frames from the first until the second.
    var frameCount: Int

    /// The instants that output frames are spread between, in pairs.
    var steps: [(from: Timeline.SourceFrame, to: Timeline.SourceFrame?)] {
        times.indices.map { index in
            (times[index], index + 1 < times.count ? times[index + 1] : second?.time)
        }
    }

    /// What a frame of the timeline shows that lies in a step of this stretch.
    func content(_ frame: Timeline.OutputFrame, from: Timeline.SourceFrame, to: Timeline.SourceFrame?)
        -> Content
    {
        guard let second, course != .still else { return .first }
        var position = from.time
        if case .between(let fraction) = frame.content, let to {
            position = from.time + fraction * (to.time - from.time)
        }
        let fraction = (position - first.time.time) / (second.time.time - first.time.time)
        if course == .cut { return fraction < Rational(1, 2) ? .first : .second }
        return fraction > .zero ? .between(fraction) : .first
    }
}
