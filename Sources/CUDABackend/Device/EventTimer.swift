import CCUDA

/// Measures work on a device's stream by events.
struct EventTimer {
    let device: CUDADevice

    /// Milliseconds that each of `count` repetitions of the work takes the GPU, without the host's time to queue it.
    func millisecondsOfEach(_ count: Int, _ body: () throws -> Void) throws -> Double {
        let graph = try device.captured { for _ in 0..<count { try body() } }
        // The first launch brings the graph to the GPU.
        try device.launch(graph)
        return try milliseconds { try device.launch(graph) } / Double(count)
    }

    /// Milliseconds that the work queued by `body` takes; waits for it.
    func milliseconds(_ body: () throws -> Void) throws -> Double {
        let flags = CCUDA_EVENT_DEFAULT
        let start = try CUDADevice.makeEvent(device.libraries.driver, flags: flags)
        let end = try CUDADevice.makeEvent(device.libraries.driver, flags: flags)
        defer {
            for event in [start, end] {
                device.deferringErrors { try device.call("cuEventDestroy") { $0.eventDestroy(event) } }
            }
        }
        try device.call("cuEventRecord") { $0.eventRecord(start, device.stream) }
        try body()
        try device.call("cuEventRecord") { $0.eventRecord(end, device.stream) }
        try device.call("cuEventSynchronize") { $0.eventSynchronize(end) }
        var elapsed: Float = 0
        try device.call("cuEventElapsedTime") { $0.eventElapsedTime(&elapsed, start, end) }
        return Double(elapsed)
    }
}
