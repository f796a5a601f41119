import Synchronization

/// Scratch memory that operations take and give back, so that the system need not clear fresh pages for each: touching
/// them for the first time costs as much as a transform.
///
/// What lies idle is bounded: a buffer that was given back replaces smaller ones.
final class Workspace: Sendable {
    private let idle = Mutex<[Storage]>([])
    private let limit: Int
    private let meter: MemoryMeter

    /// A workspace that keeps up to `limit` idle buffers.
    init(limit: Int, meter: MemoryMeter) { (self.limit, self.meter) = (limit, meter) }

    /// Room for `count` values, which are undefined: the smallest idle buffer that has it, or a new one.
    func take(_ count: Int) throws -> Storage {
        let taken = idle.withLock { idle -> Storage? in
            let candidates = idle.indices.filter { idle[$0].count >= count }
            return candidates.min { idle[$0].count < idle[$1].count }.map { idle.remove(at: $0) }
        }
        return try taken ?? Storage(count: count, meter: meter)
    }

    func giveBack(_ buffer: Storage) {
        idle.withLock { idle in
            idle.append(buffer)
            guard idle.count > limit, let smallest = idle.indices.min(by: { idle[$0].count < idle[$1].count })
            else { return }
            idle.remove(at: smallest)
        }
    }
}
