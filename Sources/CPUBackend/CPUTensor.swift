import Tensors

/// A feature map in main memory: float32, `[C, H, W]` row by row, no gaps.
public struct CPUTensor: BackendTensor {
    let storage: Storage
    let offset: Int
    public let shape: Shape

    init(_ shape: Shape, meter: MemoryMeter) throws {
        storage = try Storage(count: shape.count, meter: meter)
        offset = 0
        self.shape = shape
    }

    private init(storage: Storage, offset: Int, shape: Shape) {
        self.storage = storage
        self.offset = offset
        self.shape = shape
    }

    public func channels(_ range: Range<Int>) -> CPUTensor {
        precondition(range.lowerBound >= 0 && range.upperBound <= shape.channels, "channels out of range")
        return CPUTensor(
            storage: storage, offset: offset + range.lowerBound * shape.planeCount,
            shape: shape.with(channels: range.count))
    }

    /// The first value. Kernels use it while the tensor is an argument of theirs, which keeps the storage alive.
    var pointer: UnsafeMutablePointer<Float> { storage.base + offset }

    var buffer: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: pointer, count: shape.count)
    }
}
