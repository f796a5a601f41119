import CCUDA

/// Memory of the host that the GPU reads and writes by itself, several times as fast as other memory.
final class PinnedMemory: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
    let bytes: Int
    private let device: CUDADevice

    init(bytes: Int, device: CUDADevice) throws {
        var pointer: UnsafeMutableRawPointer?
        try device.call("cuMemAllocHost") { $0.memAllocHost(&pointer, max(1, bytes)) }
        guard let pointer else {
            throw CUDAError.driver(call: "cuMemAllocHost", name: "", text: "no memory")
        }
        (self.pointer, self.bytes, self.device) = (pointer, bytes, device)
    }

    deinit {
        device.deferringErrors { try device.call("cuMemFreeHost") { $0.memFreeHost(pointer) } }
    }
}
