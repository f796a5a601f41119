import Scenes

/// How cuts and repeated frames are treated.
public struct SceneSettings: Sendable {
    /// What becomes of frames that repeat the one before, as in animation on twos and threes.
    public enum Duplicates: String, Sendable, CaseIterable {
        /// All frames stay where they are; between a frame and its repeat new ones show the frame itself.
        case keep
        /// No frame of the result repeats the one before it: that one lasts longer instead.
        ///
        /// New frames lead from each drawing to the next, as many as for any two source frames.
        case drop
        /// Repeats give way to new frames, so that motion is even; the result has the same frames at the same times as
        /// with ``keep``.
        case retime
    }

    /// A drawing that stays for more frames than this is a still scene, and its repeats are kept: motion begins with the
    /// last of them. It bounds what is held in memory, too.
    public static let longestDrawing = 12

    /// The least distance of a cut; nil takes all for one scene. See ``SceneClassifier``.
    public var cutThreshold: Float?
    /// Up to where frames count as repeated.
    ///
    /// By default strict with ``Duplicates/keep``, where a repeat that is missed only costs work, and lenient with the
    /// others, where it makes motion uneven.
    public var tolerance: StillTolerance
    public var duplicates: Duplicates

    public init(
        cutThreshold: Float? = SceneClassifier.defaultThreshold,
        tolerance: StillTolerance? = nil, duplicates: Duplicates = .keep
    ) {
        (self.cutThreshold, self.duplicates) = (cutThreshold, duplicates)
        self.tolerance = tolerance ?? (duplicates == .keep ? .invisible : .compression)
    }
}
