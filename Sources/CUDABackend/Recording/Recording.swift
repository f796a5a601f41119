import CCUDA
import Tensors

/// Work that was queued once, as a CUDA graph: it is repeated with one call, and always writes to the same places.
final class Recording: @unchecked Sendable {
    let output: any Sendable
    private let graph: CapturedGraph
    private let staged: PinnedMemory?
    /// Behind the last repetition.
    private let end: CUevent
    private let device: CUDADevice
    /// Guarded by the recordings' lock: whether somebody still uses the output, and when it was last taken.
    var isTaken = false
    var turn = 0

    init(
        _ graph: CapturedGraph, output: any Sendable, staged: PinnedMemory?, device: CUDADevice
    ) throws {
        (self.graph, self.output, self.staged, self.device) = (graph, output, staged, device)
        end = try CUDADevice.makeEvent(device.libraries.driver, flags: CCUDA_EVENT_WITHOUT_TIMING)
    }

    deinit {
        device.deferringErrors {
            try device.call("cuEventSynchronize") { $0.eventSynchronize(end) }
            try device.call("cuEventDestroy") { $0.eventDestroy(end) }
        }
    }

    /// Queues the work, with other values to upload.
    func repeatWork(uploading values: UnsafeBufferPointer<Float>?) throws {
        if let values, let base = values.baseAddress, let staged {
            // The last repetition may not have read its values yet.
            try device.call("cuEventSynchronize") { $0.eventSynchronize(end) }
            staged.pointer.copyMemory(from: base, byteCount: min(staged.bytes, values.count * 4))
        }
        try device.launch(graph)
        try device.call("cuEventRecord") { $0.eventRecord(end, device.mainStream) }
    }
}
