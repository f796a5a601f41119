import CCUDA

/// What one recording is made with, while its work is queued.
final class Recorder: @unchecked Sendable {
    /// Set while the caller's work is recorded instead of run.
    @TaskLocal static var current: Recorder?

    /// Values that change from one repetition to the next, and where each repetition finds them.
    let source: UnsafeRawPointer?
    let upload: Upload?
    /// The time between the two frames, a float.
    let time: CUdeviceptr

    init(source: UnsafeRawPointer?, upload: Upload?, time: CUdeviceptr) {
        (self.source, self.upload, self.time) = (source, upload, time)
    }

    /// Values on their way from the host: pinned memory, and the GPU's memory that a recording reads.
    struct Upload: Sendable {
        let staged: PinnedMemory
        let planes: MemoryBlock
    }

    /// Where kernels read the time from; 0 while nothing is recorded, when they are told it.
    static var timeAddress: CUdeviceptr { current?.time ?? 0 }
}
