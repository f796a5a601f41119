import CCUDA
import Tensors

/// A feature map in the GPU's memory, channels last.
///
/// The elements from one pixel to the next (`pitch`) may be more than the channels: a view shares its storage, and a
/// map's channels are padded with zeros, so that the matrix units can take them.
public struct CUDATensor: BackendTensor {
    public let shape: Shape
    let pitch: Int
    let isHalf: Bool
    /// Channels behind this view's last that are zero.
    let tail: Int
    private let block: MemoryBlock
    private let firstChannel: Int
    private let firstRow: Int

    init(_ shape: Shape, isHalf: Bool, padding: Int, isLasting: Bool = false, pool: MemoryPool) throws {
        self.shape = shape
        self.isHalf = isHalf
        pitch = shape.channels + padding
        tail = padding
        block = try pool.allocate(shape.planeCount * pitch * (isHalf ? 2 : 4), isLasting: isLasting)
        (firstChannel, firstRow) = (0, 0)
    }

    private init(_ base: CUDATensor, shape: Shape, tail: Int, firstChannel: Int, firstRow: Int) {
        (self.shape, self.tail, self.firstChannel, self.firstRow) = (shape, tail, firstChannel, firstRow)
        (pitch, isHalf, block) = (base.pitch, base.isHalf, base.block)
    }

    public func channels(_ range: Range<Int>) -> CUDATensor {
        CUDATensor(
            self, shape: shape.with(channels: range.count),
            tail: range.upperBound == shape.channels ? tail : 0,
            firstChannel: firstChannel + range.lowerBound,
            firstRow: firstRow)
    }

    /// The view of a range of rows.
    func rows(_ range: Range<Int>) -> CUDATensor {
        CUDATensor(
            self, shape: shape.with(height: range.count), tail: tail, firstChannel: firstChannel,
            firstRow: firstRow + range.lowerBound)
    }

    /// The view with the first `count` zero channels behind the last counted as channels.
    func widened(by count: Int) -> CUDATensor {
        precondition(count <= tail)
        return CUDATensor(
            self, shape: shape.with(channels: shape.channels + count), tail: tail - count,
            firstChannel: firstChannel, firstRow: firstRow)
    }

    /// Another tensor of the same layout, with undefined values.
    func emptyCopy(pool: MemoryPool) throws -> CUDATensor {
        let whole = try CUDATensor(shape, isHalf: isHalf, padding: pitch - shape.channels, pool: pool)
        return CUDATensor(whole, shape: shape, tail: 0, firstChannel: 0, firstRow: 0)
    }

    /// Whether it lies in the output of a recording.
    var isStable: Bool { block.isStable }

    var bytesPerElement: Int { isHalf ? 2 : 4 }

    var address: CUdeviceptr {
        block.address + CUdeviceptr((firstRow * shape.width * pitch + firstChannel) * bytesPerElement)
    }

    /// Whether eight channels can be read and written at once, from the first on.
    var isAligned: Bool { address % 16 == 0 && pitch * bytesPerElement % 16 == 0 }

    var onDevice: DeviceTensor {
        DeviceTensor(
            data: address, pitch: Int32(pitch), channels: Int32(shape.channels), height: Int32(shape.height),
            width: Int32(shape.width), isHalf: isHalf ? 1 : 0, unused: 0)
    }
}

extension DeviceTensor {
    /// In the place of a map that is not there.
    static var none: DeviceTensor {
        DeviceTensor(data: 0, pitch: 0, channels: 0, height: 0, width: 0, isHalf: 0, unused: 0)
    }
}
