import CCUDA
import Tensors

/// Work that was queued once, as a CUDA graph: it is repeated with one call, and always writes to the same places.
final class Recording: @unchecked Sendable {
    let output: any Sendable
    /// nil is the main stream.
    private let lane: Lane?
    private let graph: CapturedGraph
    private let upload: Recorder.Upload?
    /// Behind the last repetition.
    private let end: CUevent
    /// Behind what the main stream had been given when the output was let go.
    private let release: CUevent
    private let device: CUDADevice
    /// Guarded by the recordings' lock: whether somebody still uses the output, and when it was last taken.
    var isTaken = false
    var turn = 0

    init(
        _ graph: CapturedGraph, output: any Sendable, upload: Recorder.Upload?, lane: Lane?,
        device: CUDADevice
    ) throws {
        (self.graph, self.output, self.upload) = (graph, output, upload)
        (self.lane, self.device) = (lane, device)
        end = try CUDADevice.makeEvent(device.libraries.driver, flags: CCUDA_EVENT_WITHOUT_TIMING)
        release = try CUDADevice.makeEvent(device.libraries.driver, flags: CCUDA_EVENT_WITHOUT_TIMING)
    }

    deinit {
        device.deferringErrors {
            for event in [end, release] {
                try device.call("cuEventSynchronize") { $0.eventSynchronize(event) }
                try device.call("cuEventDestroy") { $0.eventDestroy(event) }
            }
        }
    }

    /// Whether repeating it would not wait for what others do with its output.
    var isIdle: Bool {
        device.libraries.driver.eventQuery(release) == CCUDA_SUCCESS
    }

    /// Tells that nobody will queue anything more that reads the output.
    func letGo() {
        device.deferringErrors {
            try device.call("cuEventRecord") { $0.eventRecord(release, device.mainStream) }
        }
    }

    /// Queues the work, with other bytes to upload.
    func repeatWork(uploading bytes: UnsafeRawBufferPointer?) throws {
        let stream = lane?.stream ?? device.mainStream
        if let bytes, let base = bytes.baseAddress, let upload {
            // The last repetition may not have read its bytes yet.
            try device.call("cuEventSynchronize") { $0.eventSynchronize(end) }
            let count = min(upload.staged.bytes, bytes.count)
            upload.staged.pointer.copyMemory(from: base, byteCount: count)
            try device.call("cuMemcpyHtoDAsync") {
                $0.memcpyHostToDevice(
                    upload.planes.address, upload.staged.pointer, count, device.uploads.stream)
            }
            try device.await(device.uploads, on: lane)
        }
        try device.call("cuStreamWaitEvent") { $0.streamWaitEvent(stream, release, 0) }
        try Lane.$current.withValue(lane) { try device.launch(graph) }
        try device.call("cuEventRecord") { $0.eventRecord(end, stream) }
        // Whatever reads the output is queued on the main stream, or on this lane.
        if lane != nil {
            try device.call("cuStreamWaitEvent") { $0.streamWaitEvent(device.mainStream, end, 0) }
        }
    }
}
