import CCUDA
import Synchronization
import Tensors

/// The GPU's memory, in blocks that are used again.
///
/// All work is queued on one stream, in order: a block that the host has let go can be given out at once, since whatever
/// the stream still does with it comes before what its next owner queues.
package final class MemoryPool: @unchecked Sendable {
    private struct State {
        var free: [Int: [CUdeviceptr]] = [:]
        var used = 0
        var cached = 0
        var peak = 0
    }

    private let device: CUDADevice
    private let state = Mutex(State())
    /// Bytes that blocks may take in all; nil leaves it to the GPU.
    private let limit: Int?

    init(device: CUDADevice, limit: Int?) {
        self.device = device
        self.limit = limit
    }

    deinit { releaseCached() }

    /// The most bytes that were in use at once.
    var peak: Int { state.withLock(\.peak) }
    /// Bytes in use and kept for later.
    var held: Int { state.withLock { $0.used + $0.cached } }

    /// Sizes are rounded so that blocks fit again: to a sixteenth of the next power of two, and at least 512 bytes.
    package static func rounded(_ bytes: Int) -> Int {
        let power = max(512, bytes).nextPowerOfTwo
        let step = max(512, power / 16)
        return (max(512, bytes) + step - 1) / step * step
    }

    func allocate(_ bytes: Int) throws -> MemoryBlock {
        let size = Self.rounded(bytes)
        if let address = take(size) { return MemoryBlock(address: address, size: size, pool: self) }
        if let limit, state.withLock({ $0.used }) + size > limit {
            throw TensorError.outOfMemory(bytes: bytes)
        }
        if let limit, held + size > limit { releaseCached() }
        var address = try allocateFresh(size)
        if address == nil {
            releaseCached()
            address = try allocateFresh(size)
        }
        guard let address else { throw TensorError.outOfMemory(bytes: bytes) }
        state.withLock {
            $0.used += size
            $0.peak = max($0.peak, $0.used)
        }
        return MemoryBlock(address: address, size: size, pool: self)
    }

    private func take(_ size: Int) -> CUdeviceptr? {
        state.withLock { state in
            guard let address = state.free[size]?.popLast() else { return nil }
            state.cached -= size
            state.used += size
            state.peak = max(state.peak, state.used)
            return address
        }
    }

    /// nil where the GPU has no more.
    private func allocateFresh(_ size: Int) throws -> CUdeviceptr? {
        try device.throwFailure()
        var address: CUdeviceptr = 0
        var isFull = false
        try device.call("cuMemAlloc") { driver in
            let status = driver.memAlloc(&address, size)
            isFull = Int(status) == CCUDA_ERROR_OUT_OF_MEMORY
            return isFull ? Int32(CCUDA_SUCCESS) : status
        }
        return isFull ? nil : address
    }

    fileprivate func giveBack(_ address: CUdeviceptr, _ size: Int) {
        state.withLock { state in
            state.free[size, default: []].append(address)
            state.used -= size
            state.cached += size
        }
    }

    private func releaseCached() {
        let blocks = state.withLock { state in
            defer {
                state.free = [:]
                state.cached = 0
            }
            return state.free.values.flatMap(\.self)
        }
        // cuMemFree waits for the work that is queued.
        for address in blocks {
            device.deferringErrors { try device.call("cuMemFree") { $0.memFree(address) } }
        }
    }
}

/// A part of the GPU's memory; goes back to the pool when nobody refers to it.
final class MemoryBlock: @unchecked Sendable {
    let address: CUdeviceptr
    let size: Int
    private let pool: MemoryPool

    fileprivate init(address: CUdeviceptr, size: Int, pool: MemoryPool) {
        self.address = address
        self.size = size
        self.pool = pool
    }

    deinit { pool.giveBack(address, size) }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
