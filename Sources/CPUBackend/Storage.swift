import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Memory of one tensor, aligned for vector loads; freed with the last view of it.
///
/// Sendable without checks: a network hands its tensors from one operation to the next, and the operations
/// give each thread its own part of the output.
final class Storage: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int

    private let meter: MemoryMeter
    private let size: Int
    private let isMapped: Bool

    /// Throws `TensorError.outOfMemory`.
    init(count: Int, meter: MemoryMeter) throws {
        self.count = count
        self.meter = meter
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        let raw: UnsafeMutableRawPointer
        isMapped = bytes >= Self.mappedBytes
        if isMapped {
            size = (bytes + Self.hugePage - 1) / Self.hugePage * Self.hugePage
            raw = try Self.map(size)
        } else {
            size = bytes
            var aligned: UnsafeMutableRawPointer?
            guard posix_memalign(&aligned, 64, bytes) == 0, let aligned else {
                throw TensorError.outOfMemory(bytes: bytes)
            }
            raw = aligned
        }
        meter.add(size)
        base = raw.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    deinit {
        if isMapped { munmap(base, size) } else { free(base) }
        meter.remove(size)
    }

    private static let hugePage = 2 << 20
    /// From here on the system is asked directly: a heap keeps what was freed between smaller pieces, and the process would
    /// occupy more than it uses. Rounding to whole pages wastes little.
    private static let mappedBytes = 4 << 20

    /// Fresh memory of `size` bytes, aligned to huge pages.
    private static func map(_ size: Int) throws -> UnsafeMutableRawPointer {
        let whole = size + hugePage
        guard
            let start = mmap(nil, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | mapAnonymous, -1, 0),
            start != MAP_FAILED
        else { throw TensorError.outOfMemory(bytes: size) }
        // What lies before the first huge page and behind the last is given back.
        let head = (hugePage - Int(bitPattern: start) % hugePage) % hugePage
        if head > 0 { munmap(start, head) }
        if head < hugePage { munmap(start + head + size, hugePage - head) }
        #if os(Linux)
            // A feature map is read plane by plane, some megabytes apart: with pages of 4 KB nearly every read misses the
            // address cache, and a fresh map faults a page at a time. A system without such pages refuses, which is as well.
            madvise(start + head, size, MADV_HUGEPAGE)
        #endif
        return start + head
    }

    #if canImport(Darwin)
        private static let mapAnonymous = MAP_ANON
    #else
        private static let mapAnonymous = MAP_ANONYMOUS
    #endif
}
