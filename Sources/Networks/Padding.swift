/// Rows and columns added around a frame, because the networks halve its sides several times.
public struct Padding: Hashable, Sendable {
    public var left: Int
    public var top: Int
    public var right: Int
    public var bottom: Int

    /// How much is added.
    public enum Scheme: Sendable {
        /// To the next multiple of 64, half on each side.
        case nextMultiple
        /// As the published demo does: to the next multiple of 128, and by 32 on each side where a side is one already.
        case publishedDemo
    }

    public init(width: Int, height: Int, scheme: Scheme = .nextMultiple) {
        (left, right) = Self.sides(width, scheme)
        (top, bottom) = Self.sides(height, scheme)
    }

    private static func sides(_ length: Int, _ scheme: Scheme) -> (Int, Int) {
        let unit = scheme == .nextMultiple ? 64 : 128
        var added = (unit - length % unit) % unit
        if added == 0, scheme == .publishedDemo { added = 64 }
        return (added / 2, added - added / 2)
    }
}
