import CCUDA
import Synchronization

/// One GPU: its context, a main stream on which work is queued in order, lanes for what may overlap, and its kernels.
///
/// Calls may come from any thread. Queued work runs later; an error of a call that cannot throw is kept and thrown by the next
/// one that can.
final class CUDADevice: @unchecked Sendable {
    let index: Int
    let name: String
    let capability: (major: Int, minor: Int)
    let totalMemory: Int
    let libraries: CUDALibraries
    let mainStream: CUstream
    let lanes: [Lane]
    /// Copies to and from the host, beside the computation.
    let uploads: Lane
    let downloads: Lane
    /// For work on frames that are not needed yet, beside what the main stream does.
    let ahead: Lane
    /// Measures every launch; set before the first, for profiles.
    var meter: LaunchMeter?
    /// The stream that the caller's work goes to.
    var stream: CUstream { Lane.current?.stream ?? mainStream }
    private let device: CUdevice
    private let context: CUcontext
    private let failure = Mutex<(any Error)?>(nil)
    private let functions = Mutex<[String: UInt]>([:])
    private let module: CUmodule

    private var driver: DriverFunctions { libraries.driver }

    /// - Parameter libraries: As they were opened for this GPU.
    init(index: Int, libraries: CUDALibraries) throws {
        self.index = index
        self.libraries = libraries
        let driver = libraries.driver
        func check(_ call: String, _ status: Int32) throws { try Self.check(driver, call, status) }
        let facts = try DeviceFacts(index: index, driver: driver)
        (device, name, capability, totalMemory) = (
            facts.device, facts.name, facts.capability, facts.totalMemory
        )
        var context: CUcontext?
        try check("cuDevicePrimaryCtxRetain", driver.primaryContextRetain(&context, device))
        guard let context else {
            throw CUDAError.driver(call: "cuDevicePrimaryCtxRetain", name: "", text: "no context")
        }
        self.context = context
        try check("cuCtxSetCurrent", driver.contextSetCurrent(context))
        mainStream = try Self.makeStream(driver)
        lanes = try (1...3).map { try Lane(number: $0, driver: driver) }
        uploads = try Lane(number: 4, driver: driver)
        downloads = try Lane(number: 5, driver: driver)
        ahead = try Lane(
            number: 6, isUrgent: true,
            branches: (7...9).map { try Lane(number: $0, isUrgent: true, driver: driver) }, driver: driver)
        module = try Self.loadKernels(libraries, capability)
    }

    deinit {
        _ = driver.contextSetCurrent(context)
        _ = driver.streamSynchronize(mainStream)
        for lane in lanes + [uploads, downloads, ahead] { lane.destroy(driver) }
        _ = driver.moduleUnload(module)
        _ = driver.streamDestroy(mainStream)
        _ = driver.primaryContextRelease(device)
    }

    /// How many GPUs there are. Starts the driver.
    static func count(_ driver: DriverFunctions) throws -> Int {
        let status = driver.`init`(0)
        if Int(status) == CCUDA_ERROR_NO_DEVICE { return 0 }
        try check(driver, "cuInit", status)
        var count: Int32 = 0
        try check(driver, "cuDeviceGetCount", driver.deviceGetCount(&count))
        return Int(count)
    }

    static func makeStream(_ driver: DriverFunctions, isUrgent: Bool = false) throws -> CUstream {
        var stream: CUstream?
        // Smaller is more urgent, and 0 the least; the driver knows how small it may be.
        try check(
            driver, "cuStreamCreate",
            driver.streamCreateWithPriority(&stream, UInt32(CCUDA_STREAM_NON_BLOCKING), isUrgent ? -8 : 0))
        guard let stream else { throw CUDAError.driver(call: "cuStreamCreate", name: "", text: "no stream") }
        return stream
    }

    static func makeEvent(_ driver: DriverFunctions, flags: Int) throws -> CUevent {
        var event: CUevent?
        try check(driver, "cuEventCreate", driver.eventCreate(&event, UInt32(flags)))
        guard let event else { throw CUDAError.driver(call: "cuEventCreate", name: "", text: "no event") }
        return event
    }

    // MARK: Calls

    static func check(_ driver: DriverFunctions, _ call: String, _ status: Int32) throws {
        guard status != CCUDA_SUCCESS else { return }
        var name: UnsafePointer<CChar>?
        var text: UnsafePointer<CChar>?
        _ = driver.getErrorName(status, &name)
        _ = driver.getErrorString(status, &text)
        throw CUDAError.driver(
            call: call, name: name.map { String(cString: $0) } ?? "error \(status)",
            text: text.map { String(cString: $0) } ?? "unknown error")
    }

    /// Calls the driver with this device's context; throws where it refuses.
    func call(_ name: String, _ body: (DriverFunctions) -> Int32) throws {
        try makeCurrent()
        try Self.check(driver, name, body(driver))
    }

    /// Makes this thread's calls go to this device.
    func makeCurrent() throws {
        try Self.check(driver, "cuCtxSetCurrent", driver.contextSetCurrent(context))
    }

    /// Runs what cannot throw to its caller; the first error is thrown by `throwFailure`.
    func deferringErrors(_ body: () throws -> Void) {
        do { try body() } catch { failure.withLock { $0 = $0 ?? error } }
    }

    /// The first error that was kept; none is left.
    func takeFailure() -> (any Error)? {
        failure.withLock { failure in
            defer { failure = nil }
            return failure
        }
    }

    func throwFailure() throws {
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Waits until all work so far is done.
    func synchronize() throws {
        try throwFailure()
        try call("cuStreamSynchronize") { $0.streamSynchronize(stream) }
        try throwFailure()
    }

    /// Waits until all work on all streams is done.
    func synchronizeAll() throws {
        try throwFailure()
        for stream in [mainStream] + (lanes + [uploads, downloads, ahead]).map(\.stream) {
            try call("cuStreamSynchronize") { $0.streamSynchronize(stream) }
        }
    }

    /// Bytes of the GPU's memory that nobody has.
    func freeMemory() throws -> Int {
        var (free, total) = (0, 0)
        try call("cuMemGetInfo") { $0.memGetInfo(&free, &total) }
        return free
    }

    // MARK: Kernels

    /// Compiles or finds the kernels, for this GPU.
    private static func loadKernels(_ libraries: CUDALibraries, _ capability: (major: Int, minor: Int)) throws
        -> CUmodule
    {
        let image = try KernelCompiler(nvrtc: libraries.nvrtc, capability: capability).image()
        var module: CUmodule?
        try image.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            try check(libraries.driver, "cuModuleLoadData", libraries.driver.moduleLoadData(&module, base))
        }
        guard let module else { throw CUDAError.compilation(log: "no module") }
        return module
    }

    private func function(_ name: String) throws -> CUfunction {
        try functions.withLock { functions in
            if let known = functions[name].flatMap({ CUfunction(bitPattern: $0) }) { return known }
            var function: CUfunction?
            try call("cuModuleGetFunction(\(name))") { $0.moduleGetFunction(&function, module, name) }
            guard let function else { preconditionFailure("no kernel '\(name)'") }
            functions[name] = UInt(bitPattern: function)
            return function
        }
    }

    /// Queues a copy to the GPU. From pageable memory the driver has taken the bytes when this returns.
    func copy(_ bytes: UnsafeRawBufferPointer, to address: CUdeviceptr) throws {
        guard let base = bytes.baseAddress else { return }
        try call("cuMemcpyHtoDAsync") { $0.memcpyHostToDevice(address, base, bytes.count, stream) }
    }

    /// Queues a kernel on a grid of blocks.
    ///
    /// - Parameter isClustered: Whether the blocks of a column of the grid, at most eight, run side by side and reach each other's
    ///   shared memory.
    func launch(
        _ kernel: String, grid: (Int, Int), block: Int, sharedBytes: Int = 0, isClustered: Bool = false,
        _ arguments: [KernelArgument]
    ) throws {
        func queue() throws { try self.queue(kernel, grid, block, sharedBytes, isClustered, arguments) }
        guard let meter, meter.isOn else { return try queue() }
        try meter.measure(
            on: self, bytes: LaunchMeter.bytes(arguments), accumulates: LaunchMeter.accumulates(kernel), queue
        )
    }

    private func queue(
        _ kernel: String, _ grid: (Int, Int), _ block: Int, _ sharedBytes: Int, _ isClustered: Bool,
        _ arguments: [KernelArgument]
    ) throws {
        let function = try function(kernel)
        if sharedBytes > Self.usualSharedBytes {
            try call("cuFuncSetAttribute(\(kernel))") {
                $0.functionSetAttribute(
                    function, Int32(CCUDA_FUNCTION_DYNAMIC_SHARED_BYTES), Int32(sharedBytes))
            }
        }
        let stride = max(MemoryLayout<DeviceTensor>.stride, MemoryLayout<CUtensorMap>.stride)
        let storage = UnsafeMutableRawPointer.allocate(
            byteCount: stride * max(1, arguments.count), alignment: 64)
        defer { storage.deallocate() }
        var pointers: [UnsafeMutableRawPointer?] = []
        for (index, argument) in arguments.enumerated() {
            let place = storage + index * stride
            argument.store(at: place)
            pointers.append(place)
        }
        var cluster = CUlaunchAttribute()
        cluster.kind = Int32(CCUDA_LAUNCH_CLUSTER_DIMENSION)
        (cluster.x, cluster.y, cluster.z) = (1, UInt32(grid.1), 1)
        try withUnsafeMutablePointer(to: &cluster) { cluster in
            var configuration = CUlaunchConfig(
                gridX: UInt32(grid.0), gridY: UInt32(grid.1), gridZ: 1, blockX: UInt32(block), blockY: 1,
                blockZ: 1, sharedBytes: UInt32(sharedBytes), stream: stream, attributes: cluster,
                attributeCount: isClustered ? 1 : 0)
            try call("cuLaunchKernelEx(\(kernel))") {
                $0.launchKernel(&configuration, function, &pointers, nil)
            }
        }
    }

    /// Shared memory that a kernel may have without asking.
    private static let usualSharedBytes = 48 << 10

    /// Queues a kernel with at least `threads` threads in a row.
    func launch(_ kernel: String, threads: Int, block: Int = 256, _ arguments: [KernelArgument]) throws {
        guard threads > 0 else { return }
        try launch(kernel, grid: ((threads + block - 1) / block, 1), block: block, arguments)
    }
}

/// A value that a kernel is given.
enum KernelArgument {
    case tensor(DeviceTensor)
    case integer(Int)
    case float(Float)
    case address(CUdeviceptr)
    case tensorMap(CUtensorMap)
    case wideShape(WideShape)

    fileprivate func store(at place: UnsafeMutableRawPointer) {
        switch self {
        case .tensor(let tensor): place.storeBytes(of: tensor, as: DeviceTensor.self)
        case .integer(let value): place.storeBytes(of: Int32(value), as: Int32.self)
        case .float(let value): place.storeBytes(of: value, as: Float.self)
        case .tensorMap(let map): place.storeBytes(of: map, as: CUtensorMap.self)
        case .wideShape(let shape): place.storeBytes(of: shape, as: WideShape.self)
        case .address(let address): place.storeBytes(of: address, as: CUdeviceptr.self)
        }
    }
}
