import CCUDA

/// A stream beside the main one, for work that may overlap with other work.
///
/// Whoever runs under a lane queues all work on it, and takes and gives back memory of its own, so that no two lanes write
/// to the same place.
final class Lane: @unchecked Sendable {
    /// The lane that the caller's work goes to; nil is the main stream.
    @TaskLocal static var current: Lane?

    /// 0 is the main stream.
    let number: Int
    let stream: CUstream
    /// Lanes that work on this one may part into.
    let branches: [Lane]
    /// Behind what it was given last.
    fileprivate let end: CUevent

    /// - Parameter isUrgent: Where the GPU has room for one of two pieces of work, this lane's comes first.
    init(number: Int, isUrgent: Bool = false, branches: [Lane] = [], driver: DriverFunctions) throws {
        (self.number, self.branches) = (number, branches)
        stream = try CUDADevice.makeStream(driver, isUrgent: isUrgent)
        end = try CUDADevice.makeEvent(driver, flags: CCUDA_EVENT_WITHOUT_TIMING)
    }

    func destroy(_ driver: DriverFunctions) {
        for branch in branches { branch.destroy(driver) }
        _ = driver.streamSynchronize(stream)
        _ = driver.eventDestroy(end)
        _ = driver.streamDestroy(stream)
    }
}

extension CUDADevice {
    /// What `waiting` is given from now on waits for what the lane was given; nil is the main stream.
    func await(_ lane: Lane, on waiting: Lane?) throws {
        try call("cuEventRecord") { $0.eventRecord(lane.end, lane.stream) }
        try call("cuStreamWaitEvent") { $0.streamWaitEvent(waiting?.stream ?? mainStream, lane.end, 0) }
    }

    /// What the lane is given from now on waits for what `base` was given; nil is the main stream.
    func start(_ lane: Lane, after base: Lane?) throws {
        try call("cuEventRecord") { $0.eventRecord(lane.end, base?.stream ?? mainStream) }
        try call("cuStreamWaitEvent") { $0.streamWaitEvent(lane.stream, lane.end, 0) }
    }

    /// Queues the branches' work on lanes of their own, which start after what the caller's stream was given; what it is given
    /// afterwards waits for all of them.
    func concurrently(_ branches: [() throws -> Void]) throws {
        let base = Lane.current
        let lanes = base?.branches ?? self.lanes
        guard !lanes.isEmpty, branches.count > 1 else {
            for branch in branches { try branch() }
            return
        }
        for lane in lanes.prefix(branches.count) { try start(lane, after: base) }
        var failure: (any Error)?
        for (index, branch) in branches.enumerated() {
            do {
                try Lane.$current.withValue(lanes[index % lanes.count]) { try branch() }
            } catch {
                failure = failure ?? error
            }
        }
        // Also after a failure: memory that goes back must not be written to any more.
        for lane in lanes.prefix(branches.count) { try self.await(lane, on: base) }
        if let failure { throw failure }
    }
}
