import CCUDA
import Tensors

/// The networks' operations on an NVIDIA GPU: convolutions by cuDNN, all else by the project's own kernels.
///
/// The ways of computing convolutions are chosen by their time, and kept on disk (``PlanMemory``): where nothing is kept yet, another
/// may be chosen, which rounds differently. Operations are queued and return at once; `download` waits.
public struct CUDABackend: Backend {
    private let recorder: Profile?
    public let precision: Precision
    let device: CUDADevice
    let pool: MemoryPool
    let cuDNN: CuDNN
    let planMemory: PlanMemory
    private let recordings: Recordings
    let pinned: PinnedPool
    let sampleLayouts: SampleLayouts

    /// - Parameters:
    ///   - index: The GPU, as the driver numbers them.
    ///   - precision: nil takes fp16 where the GPU has matrix units.
    ///   - memoryLimit: Bytes of the GPU's memory that tensors may take in all.
    ///   - whenChoosing: Told once where the ways to compute convolutions are still to be found, which takes some seconds.
    /// - Throws: ``CUDAError``.
    public init(
        index: Int = 0, precision: Precision? = nil, memoryLimit: Int? = nil, profile: Profile? = nil,
        whenChoosing: @escaping @Sendable () -> Void = {}
    ) throws {
        let libraries = try CUDALibraries.openForUse(index: index)
        device = try CUDADevice(index: index, libraries: libraries)
        pool = MemoryPool(device: device, limit: memoryLimit)
        cuDNN = try CuDNN(device: device)
        var driverVersion: Int32 = 0
        try device.call("cuDriverGetVersion") { $0.driverGetVersion(&driverVersion) }
        planMemory = PlanMemory(
            machine:
                "\(device.name) driver \(driverVersion) cudnn \(cuDNN.functions.getVersion()) kernels \(KernelCompiler.digest)",
            folder: CacheFolder.url("plans"), announce: whenChoosing)
        recordings = try Recordings(device: device, pool: pool, planMemory: planMemory)
        pinned = PinnedPool(device: device)
        sampleLayouts = SampleLayouts(device: device)
        // Every GPU from 7.0 on has matrix units for half precision.
        self.precision = precision ?? .fp16
        recorder = profile
        device.meter = profile.map { LaunchMeter(profile: $0, limits: GPULimits(precision ?? .fp16)) }
    }

    /// nil while it is paused, too: measuring waits for the GPU again and again.
    public var profile: Profile? { recorder.flatMap { $0.isPaused ? nil : $0 } }
    /// The GPU, as the driver numbers them.
    public var deviceIndex: Int { device.index }
    /// Bytes that the GPU has in all.
    public var totalMemory: Int { device.totalMemory }
    /// Such as 9.19.0. Another cuDNN may round differently.
    public var cuDNNVersion: String { LibraryVersion.cuDNN(cuDNN.functions.getVersion()) }
    /// The GPU's name, as its maker gives it.
    public var deviceName: String { device.name }
    /// The most bytes of the GPU's memory that tensors had at once.
    public var peakAllocatedBytes: Int { pool.peak }

    public func finish() { device.deferringErrors { try device.synchronize() } }

    // MARK: Tensors

    /// A map of more rows than this is so large that the first layer of the rectify net would take gigabytes.
    public var rowsPerStrip: Int { 1216 }

    public func makeTensor(_ shape: Shape, as content: TensorContent) throws -> CUDATensor {
        try makeTensor(shape, as: content, isLasting: false)
    }

    public func makeLastingTensor(_ shape: Shape, as content: TensorContent) throws -> CUDATensor {
        try makeTensor(shape, as: content, isLasting: true)
    }

    private func makeTensor(_ shape: Shape, as content: TensorContent, isLasting: Bool) throws -> CUDATensor {
        let isHalf = content == .features && precision.storesHalf
        // Pixels begin at multiples of 32 bytes, the least that memory is read and written in.
        let multiple = content == .values ? 1 : shape.channels > 256 ? 64 : shape.channels > 8 ? 16 : 8
        let padding = (multiple - shape.channels % multiple) % multiple
        let tensor = try CUDATensor(
            shape, isHalf: isHalf, padding: padding, isLasting: isLasting, pool: pool)
        if padding > 0 {
            try device.launch(
                "clear_padding", threads: shape.planeCount * padding,
                [.tensor(tensor.onDevice), .integer(padding)])
        }
        return tensor
    }

    public func makeTensor(_ shape: Shape) throws -> CUDATensor { try makeTensor(shape, as: .features) }

    public func upload(_ values: UnsafeBufferPointer<Float>, to tensor: CUDATensor) throws {
        precondition(values.count == tensor.shape.count, "values do not fill the tensor")
        let planes = try deviceCopy(of: UnsafeRawBufferPointer(values))
        try device.launch(
            "from_planes", threads: tensor.shape.count, [.address(planes.address), .tensor(tensor.onDevice)])
    }

    /// The GPU's copy of bytes, to be read by what is queued next.
    func deviceCopy(of bytes: UnsafeRawBufferPointer) throws -> MemoryBlock {
        if let recorder = Recorder.current {
            // Each repetition copies other bytes there, before it begins.
            guard let upload = recorder.upload, recorder.source == bytes.baseAddress,
                upload.staged.bytes == bytes.count
            else { throw CUDAError.recording("values are uploaded that were not named") }
            return upload.planes
        }
        let copy = try pool.allocate(bytes.count)
        try device.copy(bytes, to: copy.address)
        return copy
    }

    public func download(_ tensor: CUDATensor, to values: UnsafeMutableBufferPointer<Float>) throws {
        try startDownload(tensor).write(to: values)
    }

    public func startDownload(_ tensor: CUDATensor) throws -> PendingValues {
        let count = tensor.shape.count
        let planes = try pool.allocate(count * 4)
        try device.launch(
            "to_planes", threads: count, [.tensor(tensor.onDevice), .address(planes.address)])
        let place = try pinned.start(planes.address, bytes: count * 4)
        return PendingValues { [pinned, planes] values in
            // The copy reads them until it is finished.
            defer { withExtendedLifetime(planes) {} }
            precondition(values.count == count, "the tensor does not fill the values")
            try pinned.finish(place) { (bytes) -> Void in
                values.baseAddress?.update(from: bytes.assumingMemoryBound(to: Float.self), count: count)
            }
        }
    }

    // MARK: Order

    public func concurrently(_ branches: [() throws -> Void]) throws {
        // Stages that overlap cannot be timed.
        if profile == nil { return try device.concurrently(branches) }
        for branch in branches { try branch() }
    }

    public func repeating<Output: Sendable>(
        _ name: String, reading inputs: [CUDATensor], uploading bytes: UnsafeRawBufferPointer?,
        at t: Float?, mayOverlap: Bool, _ body: () throws -> Output
    ) throws -> Repeated<Output> {
        if profile != nil || Lane.current != nil || Recorder.current != nil {
            return Repeated(output: try body(), lease: nil)
        }
        return try recordings.run(name, reading: inputs, uploading: bytes, at: t, isAhead: mayOverlap, body)
    }

    // MARK: Kernels

    /// Queues a kernel that makes each channel of each pixel of `output` by itself, eight channels a thread where all maps
    /// allow it.
    func run(
        _ kernel: String, making output: CUDATensor, reading inputs: [CUDATensor],
        _ arguments: [KernelArgument]
    ) {
        let isWide = output.shape.channels % 8 == 0 && output.isAligned && inputs.allSatisfy(\.isAligned)
        device.deferringErrors {
            try device.launch(
                "\(kernel)_\(isWide ? 8 : 1)", threads: output.shape.count / (isWide ? 8 : 1), arguments)
        }
    }

    /// Queues a kernel with one thread a value of `output`, or a pixel.
    func run(_ kernel: String, threads: Int, _ arguments: [KernelArgument]) {
        device.deferringErrors { try device.launch(kernel, threads: threads, arguments) }
    }
}
