import CCUDA
import Pixels
import Synchronization

/// What kernels are told of the formats of samples, in the GPU's memory: made once for each format, and kept, since recordings
/// read it.
final class SampleLayouts: Sendable {
    private let device: CUDADevice
    private let known = Mutex<[SampleFormat: MemoryBlock]>([:])

    init(device: CUDADevice) { self.device = device }

    /// The address of a `SampleLayout`.
    func layout(of format: SampleFormat, pool: MemoryPool) throws -> MemoryBlock {
        try known.withLock { known in
            if let block = known[format] { return block }
            // Copied once and for all: a recording would copy it again and again.
            guard Recorder.current == nil else { throw CUDAError.recording("samples of a new format come") }
            let block = try make(format, pool)
            known[format] = block
            return block
        }
    }

    private func make(_ format: SampleFormat, _ pool: MemoryPool) throws -> MemoryBlock {
        let block = try pool.allocate(SampleLayout.bytes(of: format, at: 0).count)
        let bytes = SampleLayout.bytes(of: format, at: block.address)
        try bytes.withUnsafeBytes { try device.copy($0, to: block.address) }
        // Other streams read it next.
        try device.call("cuStreamSynchronize") { $0.streamSynchronize(device.stream) }
        return block
    }
}

extension SampleLayout {
    /// A layout and the tables of its filters behind it, for kernels that find them at an address.
    package static func bytes(of format: SampleFormat, at address: UInt64) -> [UInt8] {
        let (up, down) = (format.upsampling, format.downsampling)
        let filters = [up.columns, up.rows, down.columns, down.rows]
        var places: [(first: Int, weights: Int)] = []
        var end = MemoryLayout<SampleLayout>.stride
        for filter in filters {
            places.append((end, end + 4 * filter.first.count))
            // The next filter's table is of words of four bytes.
            end += 4 * filter.first.count + (2 * filter.weights.count + 3) / 4 * 4
        }
        func filter(_ index: Int) -> SampleFilter {
            SampleFilter(
                first: address + UInt64(places[index].first),
                weights: address + UInt64(places[index].weights),
                taps: Int32(filters[index].taps), unused: 0)
        }
        let matrix = format.matrix
        let layout = SampleLayout(
            width: Int32(format.width), height: Int32(format.height), chromaWidth: Int32(format.chromaWidth),
            chromaHeight: Int32(format.chromaHeight), depth: Int32(format.depth),
            bytesPerSample: Int32(format.bytesPerSample), red: matrix.red, blue: matrix.blue,
            black: matrix.black, lumaSpan: matrix.lumaSpan, grey: matrix.grey, chromaSpan: matrix.chromaSpan,
            columnsUp: filter(0), rowsUp: filter(1), columnsDown: filter(2), rowsDown: filter(3))
        var bytes = [UInt8](repeating: 0, count: end)
        bytes.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: layout, as: SampleLayout.self)
            for (filter, place) in zip(filters, places) {
                filter.first.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: bytes[place.first...]).copyMemory(from: $0)
                }
                filter.weights.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: bytes[place.weights...]).copyMemory(from: $0)
                }
            }
        }
        return bytes
    }
}
