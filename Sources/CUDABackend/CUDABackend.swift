import CCUDA
import Tensors

/// The networks' operations on an NVIDIA GPU: convolutions by cuDNN, all else by the project's own kernels.
///
/// Results do not change within a process. Another process may choose another of cuDNN's engines for a convolution, since they
/// are chosen by their time, and then rounds differently. Operations are queued and return at once; `download` waits.
public struct CUDABackend: Backend {
    private let recorder: Profile?
    public let precision: Precision
    let device: CUDADevice
    let pool: MemoryPool
    let cuDNN: CuDNN

    /// - Parameters:
    ///   - index: The GPU, as the driver numbers them.
    ///   - precision: nil takes fp16 where the GPU has matrix units.
    ///   - memoryLimit: Bytes of the GPU's memory that tensors may take in all.
    /// - Throws: ``CUDAError``.
    public init(index: Int = 0, precision: Precision? = nil, memoryLimit: Int? = nil, profile: Profile? = nil)
        throws
    {
        let libraries = try CUDALibraries.openForUse(index: index)
        device = try CUDADevice(index: index, libraries: libraries)
        pool = MemoryPool(device: device, limit: memoryLimit)
        cuDNN = try CuDNN(device: device)
        // Every GPU from 7.0 on has matrix units for half precision.
        self.precision = precision ?? .fp16
        recorder = profile
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
        let isHalf = content == .features && precision.storesHalf
        let multiple = content == .values ? 1 : shape.channels > 256 ? 64 : 8
        let padding = (multiple - shape.channels % multiple) % multiple
        let tensor = try CUDATensor(shape, isHalf: isHalf, padding: padding, pool: pool)
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
        guard let base = values.baseAddress else { return }
        let planes = try pool.allocate(values.count * 4)
        // From pageable memory: the driver has copied the values when it returns.
        try device.call("cuMemcpyHtoDAsync") {
            $0.memcpyHostToDevice(planes.address, base, values.count * 4, device.stream)
        }
        try device.launch(
            "from_planes", threads: tensor.shape.count, [.address(planes.address), .tensor(tensor.onDevice)])
    }

    public func download(_ tensor: CUDATensor, to values: UnsafeMutableBufferPointer<Float>) throws {
        precondition(values.count == tensor.shape.count, "the tensor does not fill the values")
        guard let base = values.baseAddress else { return }
        let planes = try pool.allocate(values.count * 4)
        try device.launch(
            "to_planes", threads: tensor.shape.count, [.tensor(tensor.onDevice), .address(planes.address)])
        try device.call("cuMemcpyDtoHAsync") {
            $0.memcpyDeviceToHost(base, planes.address, values.count * 4, device.stream)
        }
        try device.synchronize()
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
