import CCUDA
import Synchronization
import Tensors

/// Work that is repeated from frame to frame, recorded as CUDA graphs: queueing a few hundred kernels one by one takes the
/// host longer than the GPU needs for them.
///
/// The first time that work of a name and sizes comes it runs as it is, since convolutions are planned then. The next
/// time it is recorded, for the places that its inputs are at. As long as somebody uses the output of a recording it is
/// not repeated; another is made for the same inputs. Inputs that do not lie in the output of a recording are never twice at
/// the same place, and what reads them is not recorded.
final class Recordings: @unchecked Sendable {
    private struct Work: Hashable {
        var name: String
        var shapes: [Shape]
    }

    private struct Key: Hashable {
        var work: Work
        var places: [Int]
    }

    private struct State {
        var known: Set<Work> = []
        var refused: Set<Work> = []
        var recordings: [Key: [Recording]] = [:]
        var turn = 0
    }

    /// Recordings of one work and place, and of all.
    private static let most = 3
    private static let mostInAll = 24

    private let device: CUDADevice
    private let pool: MemoryPool
    private let planMemory: PlanMemory
    private let state = Mutex(State())
    private let recording = Mutex(())
    /// The time between the two frames, for what is recorded.
    private let time: MemoryBlock
    private static let trace = tracing("DAIN_TRACE_PLANS")

    init(device: CUDADevice, pool: MemoryPool, planMemory: PlanMemory) throws {
        (self.device, self.pool, self.planMemory) = (device, pool, planMemory)
        time = try pool.allocate(4)
        pool.whenShort { [weak self] in self?.relieve() }
    }

    /// Lets go of all recordings that nobody uses.
    private func relieve() {
        let (released, isEmpty) = state.withLock { state in
            let released = state.recordings.values.flatMap(\.self).filter { !$0.isTaken }
            state.recordings = state.recordings.mapValues { $0.filter(\.isTaken) }.filter {
                !$0.value.isEmpty
            }
            return (released, state.recordings.isEmpty)
        }
        withExtendedLifetime(released) {}
        if isEmpty { pool.releaseRecorded() }
    }

    func run<Output: Sendable>(
        _ name: String, reading inputs: [CUDATensor], uploading bytes: UnsafeRawBufferPointer?,
        at t: Float?, isAhead: Bool, _ body: () throws -> Output
    ) throws -> Repeated<Output> {
        let work = Work(name: name, shapes: inputs.map(\.shape))
        let isKnown = state.withLock { state in
            !state.known.insert(work).inserted && !state.refused.contains(work)
        }
        guard isKnown, inputs.allSatisfy(\.isStable) else { return Repeated(output: try body(), lease: nil) }
        let key = Key(work: work, places: inputs.flatMap(\.place))
        let repeated: Repeated<Output>? = try recording.withLock { _ in
            if let t {
                try device.call("cuMemsetD32Async") {
                    $0.memset32(time.address, t.bitPattern, 1, device.mainStream)
                }
            }
            guard let taken = try take(key) ?? record(key, bytes, isAhead, body) else { return nil }
            let lease = Lease { [self] in
                taken.letGo()
                state.withLock { _ in taken.isTaken = false }
            }
            try taken.repeatWork(uploading: bytes)
            guard let output = taken.output as? Output else { preconditionFailure("one name, one output") }
            return Repeated(output: output, lease: lease)
        }
        return try repeated ?? Repeated(output: try body(), lease: nil)
    }

    /// A recording that nobody uses, the one that was taken longest ago; nil where another should be made.
    private func take(_ key: Key) -> Recording? {
        state.withLock { state in
            let all = state.recordings[key] ?? []
            guard let free = all.filter({ !$0.isTaken }).min(by: { $0.turn < $1.turn }) else { return nil }
            // Rather another one than to wait until the GPU is done with the output of this.
            if all.count < Self.most, !free.isIdle { return nil }
            state.turn += 1
            (free.isTaken, free.turn) = (true, state.turn)
            return free
        }
    }

    /// A new recording, taken; nil where none can be made.
    private func record<Output: Sendable>(
        _ key: Key, _ bytes: UnsafeRawBufferPointer?, _ isAhead: Bool, _ body: () throws -> Output
    ) throws -> Recording? {
        guard makeRoom(for: key) else { return nil }
        // Whoever records has planned.
        planMemory.save()
        do {
            let upload = try bytes.map { bytes in
                Recorder.Upload(
                    staged: try PinnedMemory(bytes: bytes.count, device: device),
                    planes: try pool.allocate(bytes.count))
            }
            let recorder = Recorder(source: bytes?.baseAddress, upload: upload, time: time.address)
            var output: Output?
            let lane = isAhead ? device.ahead : nil
            let graph = try Lane.$current.withValue(lane) {
                try device.captured { output = try Recorder.$current.withValue(recorder) { try body() } }
            }
            guard let output, pool.recordedBytesInUse == 0 else {
                throw CUDAError.recording("\(pool.recordedBytesInUse) bytes of the output do not last")
            }
            let made = try Recording(graph, output: output, upload: upload, lane: lane, device: device)
            state.withLock { state in
                state.turn += 1
                (made.isTaken, made.turn) = (true, state.turn)
                state.recordings[key, default: []].append(made)
            }
            return made
        } catch {
            // Whatever the reason, the work can be queued as it is.
            Self.trace?("\(key.work.name) is not recorded: \(device.takeFailure() ?? error)")
            refuse(key.work)
            return nil
        }
    }

    /// Lets go of the recordings that were not repeated for longest; false where the new one would be one too many.
    private func makeRoom(for key: Key) -> Bool {
        let (released, isRoom): ([Recording], Bool) = state.withLock { state in
            if state.recordings[key, default: []].count >= Self.most { return ([], false) }
            var released: [Recording] = []
            while state.recordings.values.map(\.count).reduce(0, +) >= Self.mostInAll {
                let idle = state.recordings.flatMap { entry in
                    entry.value.filter { !$0.isTaken }.map { (entry.key, $0) }
                }
                guard let (key, oldest) = idle.min(by: { $0.1.turn < $1.1.turn }) else {
                    return (released, false)
                }
                state.recordings[key]?.removeAll { $0 === oldest }
                if state.recordings[key]?.isEmpty == true { state.recordings[key] = nil }
                released.append(oldest)
            }
            return (released, true)
        }
        withExtendedLifetime(released) {}
        return isRoom
    }

    private func refuse(_ work: Work) {
        let released = state.withLock { state in
            state.refused.insert(work)
            let released = state.recordings.filter { $0.key.work == work }
            for key in released.keys { state.recordings[key] = nil }
            return released
        }
        withExtendedLifetime(released) {}
    }
}

extension CUDATensor {
    /// What a recording that reads it depends on.
    fileprivate var place: [Int] { [Int(truncatingIfNeeded: address), pitch, isHalf ? 1 : 0] }
}
