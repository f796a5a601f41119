import Timing

/// Joins source frames to stretches, as duplicates are to be treated.
struct StretchReader<Picture: Sendable> {
    typealias Frame = SourceFrame<Picture>

    private let duplicates: SceneSettings.Duplicates
    /// Frames of one drawing that no stretch has yet; at most ``SceneSettings/longestDrawing``, with one image.
    private var run: [Frame] = []
    /// Whether the run goes on from frames that were given out: then it is no drawing but a still scene.
    private var isStillScene = false
    private var ready: [Stretch<Picture>] = []
    private var hasEnded = false

    init(_ duplicates: SceneSettings.Duplicates) {
        self.duplicates = duplicates
    }

    /// The next stretch; nil at the end of the source. Reads as many frames as it takes, mostly one.
    mutating func next(_ read: () throws -> Frame?) throws -> Stretch<Picture>? {
        while ready.isEmpty, !hasEnded { take(try read()) }
        return ready.isEmpty ? nil : ready.removeFirst()
    }

    private mutating func take(_ frame: Frame?) {
        guard let frame else {
            hasEnded = true
            endRun(before: nil)
            return
        }
        let isRepeat = frame.relation == .repeated
        if isRepeat, duplicates != .keep, !isStillScene, run.count < SceneSettings.longestDrawing {
            run.append(frame)
            return
        }
        endRun(before: frame)
        run = [frame]
        isStillScene = isRepeat
    }

    private mutating func endRun(before next: Frame?) {
        guard let first = run.first, let last = run.last else { return }
        if next?.relation == .moving, run.count > 1 {
            ready.append(
                Stretch(
                    first: first, second: next, course: .moving, times: times(until: next),
                    frameCount: run.count))
            return
        }
        for (frame, following) in zip(run, run.dropFirst()) {
            ready.append(stretch(frame, following, .still))
        }
        let course: Stretch<Picture>.Course =
            switch next?.relation {
            case .moving: .moving
            case .cut: .cut
            case .repeated, nil: .still
            }
        ready.append(stretch(last, next, course))
    }

    private func stretch(_ first: Frame, _ second: Frame?, _ course: Stretch<Picture>.Course) -> Stretch<
        Picture
    > {
        Stretch(first: first, second: second, course: course, times: [first.time], frameCount: 1)
    }

    /// All instants of the run; with `drop` only the first, which lasts until the next drawing.
    private func times(until next: Frame?) -> [Timeline.SourceFrame] {
        let all = run.map(\.time)
        guard duplicates == .drop, let next else { return all }
        return [Timeline.SourceFrame(time: all[0].time, duration: next.time.time - all[0].time)]
    }
}
