/// The size of a feature map: `channels` planes of `height` rows of `width` values.
public struct Shape: Hashable, Sendable {
    public var channels: Int
    public var height: Int
    public var width: Int

    public init(channels: Int, height: Int, width: Int) {
        self.channels = channels
        self.height = height
        self.width = width
    }

    /// Values in one channel.
    public var planeCount: Int { height * width }

    /// Values in all channels.
    public var count: Int { channels * height * width }

    public func with(channels: Int) -> Shape {
        Shape(channels: channels, height: height, width: width)
    }

    public func with(height: Int) -> Shape {
        Shape(channels: channels, height: height, width: width)
    }

    /// The shape after a stride-2 pooling: odd sides lose their last row or column.
    public var halved: Shape { Shape(channels: channels, height: height / 2, width: width / 2) }

    public func scaled(by factor: Int) -> Shape {
        Shape(channels: channels, height: height * factor, width: width * factor)
    }
}

extension Shape: CustomStringConvertible {
    public var description: String { "\(channels)×\(height)×\(width)" }
}
