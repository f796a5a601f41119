import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A feature map in main memory: float32, `[C, H, W]` row by row, no gaps.
public struct CPUTensor: BackendTensor {
    let storage: Storage
    let offset: Int
    public let shape: Shape

    init(_ shape: Shape) throws {
        storage = try Storage(count: shape.count)
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

/// Memory of one tensor, aligned for vector loads; freed with the last view of it.
///
/// Sendable without checks: a network hands its tensors from one operation to the next, and the operations
/// give each thread its own part of the output.
final class Storage: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int

    init(count: Int) throws {
        self.count = count
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        var raw: UnsafeMutableRawPointer?
        guard posix_memalign(&raw, 64, bytes) == 0, let raw else {
            throw TensorError.outOfMemory(bytes: bytes)
        }
        base = raw.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    deinit { free(base) }
}
