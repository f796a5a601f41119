import CCUDA

/// Measures work on a device's stream by events.
struct EventTimer {
    let device: CUDADevice

    /// Milliseconds that the work queued by `body` takes; waits for it.
    func milliseconds(_ body: () throws -> Void) throws -> Double {
        let (start, end) = (try event(), try event())
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

    private func event() throws -> CUevent {
        var event: CUevent?
        try device.call("cuEventCreate") { $0.eventCreate(&event, UInt32(CCUDA_EVENT_DEFAULT)) }
        guard let event else { throw CUDAError.driver(call: "cuEventCreate", name: "", text: "no event") }
        return event
    }
}
