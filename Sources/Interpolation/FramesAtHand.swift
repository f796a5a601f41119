import Timing

/// Of the frames between two source frames, those that must be looked at: the ones from the window's start on, and where
/// drawings are shown once, only those at which a drawing begins or ends.
///
/// A damaged time may put hours between two frames: what is passed over here takes no time.
struct FramesAtHand: Sequence {
    private let frames: Timeline.LazyFrames
    private let parts: [Range<Int64>]

    init<Picture>(
        _ frames: Timeline.LazyFrames, in window: OutputWindow, of stretch: Stretch<Picture>,
        _ from: Timeline.SourceFrame, _ to: Timeline.SourceFrame?,
        _ duplicates: SceneSettings.Duplicates
    ) {
        self.frames = frames
        let all = frames.startIndex..<frames.endIndex
        let first = window.start.map { start in Self.first(of: all) { frames[$0].time >= start } }
        let wanted = (first ?? all.lowerBound)..<all.upperBound
        guard duplicates == .drop, stretch.course != .moving else {
            parts = [wanted]
            return
        }
        // A frame that lies behind the window's end is kept: it is what ends the run.
        let end =
            window.end.map { end in Self.first(of: wanted) { frames[$0].time >= end } } ?? wanted.upperBound
        let change = Self.first(of: wanted.lowerBound..<end) {
            stretch.content(frames[$0], from: from, to: to) == .second
        }
        parts =
            [wanted.lowerBound..<change, change..<end].flatMap(Self.ends)
            + [end..<Swift.min(end + 1, wanted.upperBound)]
    }

    func makeIterator() -> AnyIterator<Timeline.OutputFrame> {
        var indices = parts.joined().makeIterator()
        return AnyIterator { [frames] in indices.next().map { frames[$0] } }
    }

    /// The first and the last one.
    private static func ends(of range: Range<Int64>) -> [Range<Int64>] {
        range.count <= 2
            ? [range] : [range.lowerBound..<range.lowerBound + 1, range.upperBound - 1..<range.upperBound]
    }

    /// The first index for which `holds`, where it holds for all behind it; the range's end where there is none.
    private static func first(of range: Range<Int64>, where holds: (Int64) -> Bool) -> Int64 {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
