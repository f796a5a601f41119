/// What a frame is to the one before it.
public enum FrameRelation: Hashable, Sendable {
    /// The same scene, changed.
    case moving
    /// The same picture: one of a run whose frames are all alike to the run's first.
    case repeated
    /// The first frame of another scene; `distance`, in [0, 1], is how far apart the two are.
    case cut(distance: Float)
}
