/// Finds cuts and repeated frames in a sequence of pictures, given one after another.
///
/// A pair of frames is a cut where its distance (`SceneDistance`) reaches the threshold and is twice that of the moving
/// pairs before and after it, or reaches twice the threshold; but not where a flash of one frame lies between like frames.
/// That takes one frame of lookahead: answers come one frame late.
///
/// Holds four thumbnails and one picture, the first of the current run of repeats.
public struct SceneClassifier: Sendable {
    /// A distance at which cuts and ordinary motion of real footage lie well apart.
    public static let defaultThreshold: Float = 0.12

    private let threshold: Float?
    private let tolerance: StillTolerance
    /// The first picture of the current run.
    private var anchor: RGBPlanes?
    /// Thumbnails of the last two runs: that of a run's first picture stands for all of it.
    private var (beforeLast, last): (Thumbnail?, Thumbnail?) = (nil, nil)
    /// The frames of the current run so far.
    private var runLength = 0
    /// The distance of the last pair before `undecided` that moved: repeats say nothing of the motion, nor do cuts.
    private var previousDistance: Float = 0
    /// What is known of the last picture; nil before there are two.
    private var undecided: Undecided?

    private enum Undecided {
        case repeated
        /// `isFlash`: the picture returns to what was there before the last one.
        case changed(distance: Float, isFlash: Bool)
    }

    /// - Parameters:
    ///   - threshold: The least distance of a cut, in [0, 1]; nil finds no cuts.
    ///   - tolerance: Up to where frames count as repeated.
    public init(threshold: Float? = Self.defaultThreshold, tolerance: StillTolerance = .compression) {
        (self.threshold, self.tolerance) = (threshold, tolerance)
    }

    /// Takes the next picture and says what the one before it was to its own predecessor; nil for the first two calls.
    public mutating func next(_ picture: RGBPlanes) -> FrameRelation? {
        guard let anchor else {
            (self.anchor, runLength) = (picture, 1)
            last = threshold.map { _ in Thumbnail(of: picture) }
            return nil
        }
        let now: Undecided
        if tolerance.holds(anchor, picture) {
            runLength += 1
            now = .repeated
        } else {
            now = change(to: picture)
        }
        let answer = decide(next: now)
        if case .changed(let distance, _) = undecided, answer == .moving { previousDistance = distance }
        undecided = now
        return answer
    }

    /// Begins a new run.
    private mutating func change(to picture: RGBPlanes) -> Undecided {
        defer { (anchor, runLength) = (picture, 1) }
        guard let threshold, let last else { return .changed(distance: 0, isFlash: false) }
        let thumbnail = Thumbnail(of: picture)
        let distance = SceneDistance.between(last, thumbnail)
        var isFlash = false
        if runLength == 1, let beforeLast, distance >= threshold {
            isFlash = SceneDistance.between(beforeLast, thumbnail) < threshold / 2
        }
        (beforeLast, self.last) = (last, thumbnail)
        return .changed(distance: distance, isFlash: isFlash)
    }

    /// What the last picture is to its predecessor; nil where there are none.
    public mutating func finish() -> FrameRelation? {
        defer { undecided = nil }
        return decide(next: nil)
    }

    private func decide(next: Undecided?) -> FrameRelation? {
        switch undecided {
        case nil: return nil
        case .repeated: return .repeated
        case .changed(let distance, let isFlash):
            guard let threshold, distance >= threshold, !isFlash else { return .moving }
            var neighbour = previousDistance
            if case .changed(let distance, let returns) = next {
                if returns { return .moving }
                neighbour = max(neighbour, distance)
            }
            return distance >= 2 * neighbour || distance >= 2 * threshold
                ? .cut(distance: distance) : .moving
        }
    }
}
