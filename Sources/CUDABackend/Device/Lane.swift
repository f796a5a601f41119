import CCUDA

/// A stream beside the main one, for work that may overlap with other work.
///
/// Whoever runs under a lane queues all work on it, and takes and gives back memory of its own, so that no two lanes write
/// to the same place. A lane starts after what the main stream has been given, which in turn waits for the lane's end.
final class Lane: @unchecked Sendable {
    /// The lane that the caller's work goes to; nil is the main stream.
    @TaskLocal static var current: Lane?

    /// From 1 on; 0 is the main stream.
    let number: Int
    let stream: CUstream
    fileprivate let end: CUevent

    init(number: Int, driver: DriverFunctions) throws {
        self.number = number
        stream = try CUDADevice.makeStream(driver)
        end = try CUDADevice.makeEvent(driver, flags: CCUDA_EVENT_WITHOUT_TIMING)
    }

    func destroy(_ driver: DriverFunctions) {
        _ = driver.streamSynchronize(stream)
        _ = driver.eventDestroy(end)
        _ = driver.streamDestroy(stream)
    }
}

extension CUDADevice {
    /// Queues the branches' work on lanes of their own; what is queued afterwards waits for all of it.
    func concurrently(_ branches: [() throws -> Void]) throws {
        guard Lane.current == nil, branches.count > 1 else {
            for branch in branches { try branch() }
            return
        }
        try call("cuEventRecord") { $0.eventRecord(fork, mainStream) }
        var failure: (any Error)?
        for (index, branch) in branches.enumerated() {
            let lane = lanes[index % lanes.count]
            do {
                if index < lanes.count {
                    try call("cuStreamWaitEvent") { $0.streamWaitEvent(lane.stream, fork, 0) }
                }
                try Lane.$current.withValue(lane) { try branch() }
            } catch {
                failure = failure ?? error
            }
        }
        // Also after a failure: memory that goes back must not be written to any more.
        for lane in lanes.prefix(branches.count) {
            try call("cuEventRecord") { $0.eventRecord(lane.end, lane.stream) }
            try call("cuStreamWaitEvent") { $0.streamWaitEvent(mainStream, lane.end, 0) }
        }
        if let failure { throw failure }
    }
}
