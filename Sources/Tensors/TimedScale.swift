/// A factor, or a share of one: that of the time between two frames which has passed, or which is left.
public struct TimedScale: Sendable {
    public enum Share: Sendable {
        case all
        case passed
        case left
    }

    public let factor: Float
    public let share: Share
    /// The time, 0 at the first frame and 1 at the second; of no matter where the share is all.
    public let t: Float

    public static func constant(_ factor: Float) -> TimedScale {
        TimedScale(factor: factor, share: .all, t: 0)
    }
    public static func passed(_ t: Float, of factor: Float) -> TimedScale {
        TimedScale(factor: factor, share: .passed, t: t)
    }
    public static func left(_ t: Float, of factor: Float) -> TimedScale {
        TimedScale(factor: factor, share: .left, t: t)
    }

    public var value: Float {
        switch share {
        case .all: factor
        case .passed: factor * t
        case .left: factor * (1 - t)
        }
    }
}
