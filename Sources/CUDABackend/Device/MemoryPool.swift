import CCUDA
import Synchronization
import Tensors

/// The GPU's memory, in blocks that are used again.
///
/// Work is queued on one stream in order, or on a lane beside it, and each has blocks of its own: a block that the host has let
/// go can be given out at once on the same lane, since whatever the lane still does with it comes before what its next
/// owner queues. What is recorded has blocks of its own, too, since it is repeated later (``Recordings``).
package final class MemoryPool: @unchecked Sendable {
    private struct Shelf: Hashable {
        var lane: Int
        var isRecorded: Bool
        var size: Int
    }

    private struct State {
        var free: [Shelf: [CUdeviceptr]] = [:]
        var used = 0
        var recorded = 0
        var cached = 0
        var peak = 0
    }

    private let device: CUDADevice
    private let state = Mutex(State())
    /// Bytes that blocks may take in all; nil leaves it to the GPU.
    private let limit: Int?
    /// Asked to let go of what can be made again, where memory has run out.
    private let onShortage = Mutex<(@Sendable () -> Void)?>(nil)

    init(device: CUDADevice, limit: Int?) {
        self.device = device
        self.limit = limit
    }

    deinit {
        for address in state.withLock({ $0.free.values.flatMap(\.self) }) {
            device.deferringErrors { try device.call("cuMemFree") { $0.memFree(address) } }
        }
    }

    /// The most bytes that were held at once, in use or kept for later.
    var peak: Int { state.withLock(\.peak) }
    /// Bytes in use of what recordings share.
    var recordedBytesInUse: Int { state.withLock(\.recorded) }
    /// Bytes in use and kept for later.
    var held: Int { state.withLock { $0.used + $0.cached } }

    /// Sizes are rounded so that blocks fit again: to a sixteenth of the next power of two, and at least 512 bytes.
    package static func rounded(_ bytes: Int) -> Int {
        let power = max(512, bytes).nextPowerOfTwo
        let step = max(512, power / 16)
        return (max(512, bytes) + step - 1) / step * step
    }

    /// - Parameter isLasting: The block is not to be written to by anything that is recorded without knowing its owner.
    func allocate(_ bytes: Int, isLasting: Bool = false) throws -> MemoryBlock {
        let isRecording = Recorder.current != nil
        let shelf = Shelf(
            lane: Lane.current?.number ?? 0, isRecorded: isRecording && !isLasting, size: Self.rounded(bytes))
        func block(_ address: CUdeviceptr) -> MemoryBlock {
            MemoryBlock(address: address, size: shelf.size, isStable: isRecording && isLasting) { [self] in
                giveBack(address, shelf)
            }
        }
        if let address = take(shelf) { return block(address) }
        var address = try allocateFresh(shelf.size)
        // While work is recorded nothing may be given back to the GPU.
        if address == nil, !isRecording {
            releaseCached()
            address = try allocateFresh(shelf.size)
            if address == nil, let relieve = onShortage.withLock(\.self) {
                relieve()
                releaseCached()
                address = try allocateFresh(shelf.size)
            }
        }
        guard let address else { throw TensorError.outOfMemory(bytes: bytes) }
        state.withLock {
            $0.used += shelf.size
            if shelf.isRecorded { $0.recorded += shelf.size }
            $0.peak = max($0.peak, $0.used + $0.cached)
        }
        return block(address)
    }

    private func take(_ shelf: Shelf) -> CUdeviceptr? {
        state.withLock { state in
            guard let address = state.free[shelf]?.popLast() else { return nil }
            state.cached -= shelf.size
            state.used += shelf.size
            if shelf.isRecorded { state.recorded += shelf.size }
            return address
        }
    }

    func whenShort(_ relieve: @escaping @Sendable () -> Void) { onShortage.withLock { $0 = relieve } }

    /// nil where the GPU has no more, or the limit is reached.
    private func allocateFresh(_ size: Int) throws -> CUdeviceptr? {
        try device.throwFailure()
        if let limit, held + size > limit { return nil }
        var address: CUdeviceptr = 0
        var isFull = false
        try device.call("cuMemAlloc") { driver in
            let status = driver.memAlloc(&address, size)
            isFull = Int(status) == CCUDA_ERROR_OUT_OF_MEMORY
            return isFull ? Int32(CCUDA_SUCCESS) : status
        }
        return isFull ? nil : address
    }

    private func giveBack(_ address: CUdeviceptr, _ shelf: Shelf) {
        state.withLock { state in
            state.free[shelf, default: []].append(address)
            state.used -= shelf.size
            if shelf.isRecorded { state.recorded -= shelf.size }
            state.cached += shelf.size
        }
    }

    /// Gives what nobody uses back to the GPU, but for what recordings may use.
    private func releaseCached() { release { !$0.isRecorded } }

    /// Gives back what recordings used; none may be left.
    func releaseRecorded() { release(\.isRecorded) }

    private func release(_ isMeant: (Shelf) -> Bool) {
        let blocks = state.withLock { state in
            var blocks: [CUdeviceptr] = []
            for (shelf, free) in state.free where isMeant(shelf) {
                blocks += free
                state.cached -= shelf.size * free.count
                state.free[shelf] = nil
            }
            return blocks
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
    /// Whether a recording keeps it, so that it is at the same place each time.
    let isStable: Bool
    private let giveBack: () -> Void

    fileprivate init(address: CUdeviceptr, size: Int, isStable: Bool, giveBack: @escaping () -> Void) {
        (self.address, self.size, self.isStable) = (address, size, isStable)
        self.giveBack = giveBack
    }

    deinit { giveBack() }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
