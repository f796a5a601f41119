import Tensors

/// A feature map whose values are read and written one by one.
///
/// Sendable without checks: the reference runs on one thread.
public struct ReferenceTensor: BackendTensor, @unchecked Sendable {
    private final class Values {
        var floats: [Float]
        init(count: Int) { floats = [Float](repeating: .nan, count: count) }
    }

    private let values: Values
    private let offset: Int
    public let shape: Shape

    init(_ shape: Shape) {
        values = Values(count: shape.count)
        offset = 0
        self.shape = shape
    }

    private init(values: Values, offset: Int, shape: Shape) {
        self.values = values
        self.offset = offset
        self.shape = shape
    }

    public func channels(_ range: Range<Int>) -> ReferenceTensor {
        ReferenceTensor(
            values: values, offset: offset + range.lowerBound * shape.planeCount,
            shape: shape.with(channels: range.count))
    }

    public subscript(channel: Int, y: Int, x: Int) -> Float {
        get { values.floats[offset + (channel * shape.height + y) * shape.width + x] }
        nonmutating set { values.floats[offset + (channel * shape.height + y) * shape.width + x] = newValue }
    }

    /// The value at a position, zero outside the image.
    func padded(_ channel: Int, _ y: Int, _ x: Int) -> Float {
        contains(y, x) ? self[channel, y, x] : 0
    }

    func contains(_ y: Int, _ x: Int) -> Bool {
        y >= 0 && x >= 0 && y < shape.height && x < shape.width
    }

    /// Sets every value from its position.
    func fill(_ value: (_ channel: Int, _ y: Int, _ x: Int) -> Float) {
        for channel in 0..<shape.channels {
            for y in 0..<shape.height {
                for x in 0..<shape.width { self[channel, y, x] = value(channel, y, x) }
            }
        }
    }
}
