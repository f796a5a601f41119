import CCUDA
import Synchronization

/// Pinned memory that is used again, for copies to the host: getting it takes the system longer than filling it.
final class PinnedPool: Sendable {
    /// Memory with an event that tells when a copy into it is done.
    struct Place: @unchecked Sendable {
        let memory: PinnedMemory
        let end: CUevent
    }

    private let device: CUDADevice
    private let free = Mutex<[Place]>([])

    init(device: CUDADevice) { self.device = device }

    deinit {
        for place in free.withLock(\.self) {
            device.deferringErrors { try device.call("cuEventDestroy") { $0.eventDestroy(place.end) } }
        }
    }

    /// Begins a copy of bytes on the GPU, once the main stream has made them. `finish` waits for it, from any thread, and reads it.
    func start(_ address: CUdeviceptr, bytes: Int) throws -> Place {
        let place = try take(bytes)
        let lane = device.downloads
        try device.start(lane, after: nil)
        try device.call("cuMemcpyDtoHAsync") {
            $0.memcpyDeviceToHost(place.memory.pointer, address, bytes, lane.stream)
        }
        try device.call("cuEventRecord") { $0.eventRecord(place.end, lane.stream) }
        return place
    }

    func finish<Result>(_ place: Place, _ read: (UnsafeRawPointer) -> Result) throws -> Result {
        defer { free.withLock { $0.append(place) } }
        try device.call("cuEventSynchronize") { $0.eventSynchronize(place.end) }
        try device.throwFailure()
        return read(place.memory.pointer)
    }

    private func take(_ bytes: Int) throws -> Place {
        let known = free.withLock { free -> Place? in
            guard let index = free.firstIndex(where: { $0.memory.bytes >= bytes }) else {
                // Frames of another size come now.
                free.removeAll { place in
                    device.deferringErrors {
                        try device.call("cuEventDestroy") { $0.eventDestroy(place.end) }
                    }
                    return true
                }
                return nil
            }
            return free.remove(at: index)
        }
        if let known { return known }
        return Place(
            memory: try PinnedMemory(bytes: bytes, device: device),
            end: try CUDADevice.makeEvent(device.libraries.driver, flags: CCUDA_EVENT_WITHOUT_TIMING))
    }
}
