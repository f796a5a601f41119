import CCUDA
import Synchronization

/// A cuDNN handle for a device; its work goes to the caller's stream. cuDNN's calls through one handle must not overlap: `lock` is held around them.
final class CuDNN: @unchecked Sendable {
    let functions: CuDNNFunctions
    let handle: cudnnHandle_t
    /// For convolutions that are one product; nil where the library is not there.
    let products: CuBLASLt?
    let device: CUDADevice
    private let lock = Mutex(())

    init(device: CUDADevice) throws {
        self.device = device
        functions = device.libraries.cuDNN
        products = device.libraries.cuBLASLt.flatMap { try? CuBLASLt($0, device: device) }
        try device.makeCurrent()
        var handle: cudnnHandle_t?
        try Self.check(functions, "cudnnCreate", functions.create(&handle))
        guard let handle else { throw CUDAError.cuDNN(call: "cudnnCreate", text: "no handle") }
        self.handle = handle
    }

    deinit {
        device.deferringErrors { try device.makeCurrent() }
        _ = functions.destroy(handle)
    }

    /// Runs calls through the handle, one caller at a time.
    func exclusively<Result>(_ body: () throws -> Result) throws -> Result {
        try device.makeCurrent()
        return try lock.withLock { _ in
            try Self.check(functions, "cudnnSetStream", functions.setStream(handle, device.stream))
            return try body()
        }
    }

    static func check(_ functions: CuDNNFunctions, _ call: String, _ status: Int32) throws {
        guard Int(status) != CCUDNN_SUCCESS else { return }
        var text = [CChar](repeating: 0, count: 1024)
        functions.getLastErrorString(&text, text.count)
        let detail = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let name = functions.getErrorString(status).map { String(cString: $0) } ?? "status \(status)"
        throw CUDAError.cuDNN(
            call: call, text: detail.isEmpty ? name : "\(name) (\(detail.split(separator: "\n")[0]))")
    }
}

/// One of cuDNN's descriptors: attributes are set, it is finalized, and then others refer to it.
final class CuDNNDescriptor {
    let pointer: cudnnBackendDescriptor_t
    private let functions: CuDNNFunctions
    /// Descriptors that this one refers to live as long.
    private var references: [CuDNNDescriptor] = []

    init(_ type: Int, _ functions: CuDNNFunctions) throws {
        self.functions = functions
        var pointer: cudnnBackendDescriptor_t?
        try CuDNN.check(
            functions, "cudnnBackendCreateDescriptor", functions.createDescriptor(Int32(type), &pointer))
        guard let pointer else {
            throw CUDAError.cuDNN(call: "cudnnBackendCreateDescriptor", text: "no descriptor")
        }
        self.pointer = pointer
    }

    deinit { _ = functions.destroyDescriptor(pointer) }

    private func set(_ name: Int, _ type: Int, count: Int, _ values: UnsafeRawPointer?) throws {
        try CuDNN.check(
            functions, "cudnnBackendSetAttribute(\(name))",
            functions.setAttribute(pointer, Int32(name), Int32(type), Int64(count), values))
    }

    func set(_ name: Int, integers: [Int]) throws {
        try integers.map(Int64.init).withUnsafeBytes { bytes in
            try set(name, CCUDNN_TYPE_INT64, count: integers.count, bytes.baseAddress)
        }
    }

    /// A value of one of cuDNN's enumerations.
    func set(_ name: Int, _ value: Int, ofType type: Int) throws {
        try withUnsafeBytes(of: Int32(value)) { try set(name, type, count: 1, $0.baseAddress) }
    }

    func set(_ name: Int, float value: Float) throws {
        try withUnsafeBytes(of: value) { try set(name, CCUDNN_TYPE_FLOAT, count: 1, $0.baseAddress) }
    }

    func set(_ name: Int, double value: Double) throws {
        try withUnsafeBytes(of: value) { try set(name, CCUDNN_TYPE_DOUBLE, count: 1, $0.baseAddress) }
    }

    func set(_ name: Int, boolean value: Bool) throws {
        try withUnsafeBytes(of: value) { try set(name, CCUDNN_TYPE_BOOLEAN, count: 1, $0.baseAddress) }
    }

    func set(_ name: Int, addresses: [CUdeviceptr]) throws {
        try addresses.withUnsafeBytes { bytes in
            try set(name, CCUDNN_TYPE_VOID_POINTER, count: addresses.count, bytes.baseAddress)
        }
    }

    func set(_ name: Int, handle: cudnnHandle_t) throws {
        try withUnsafeBytes(of: handle) { try set(name, CCUDNN_TYPE_HANDLE, count: 1, $0.baseAddress) }
    }

    func set(_ name: Int, _ others: [CuDNNDescriptor]) throws {
        references += others
        try others.map(\.pointer).withUnsafeBytes { bytes in
            try set(name, CCUDNN_TYPE_DESCRIPTOR, count: others.count, bytes.baseAddress)
        }
    }

    func finalized() throws -> CuDNNDescriptor {
        try CuDNN.check(functions, "cudnnBackendFinalize", functions.finalize(pointer))
        return self
    }

    func integer(_ name: Int) throws -> Int {
        var value: Int64 = 0
        var count: Int64 = 0
        try CuDNN.check(
            functions, "cudnnBackendGetAttribute(\(name))",
            functions.getAttribute(pointer, Int32(name), Int32(CCUDNN_TYPE_INT64), 1, &count, &value))
        return Int(value)
    }

    /// Values of one of cuDNN's enumerations, `limit` at most.
    func values(_ name: Int, ofType type: Int, limit: Int) throws -> [Int] {
        var values = [Int32](repeating: 0, count: limit)
        var count: Int64 = 0
        try CuDNN.check(
            functions, "cudnnBackendGetAttribute(\(name))",
            functions.getAttribute(pointer, Int32(name), Int32(type), Int64(limit), &count, &values))
        return values.prefix(Int(count)).map(Int.init)
    }

    /// Descriptors that cuDNN fills in, `limit` at most.
    func descriptors(_ name: Int, ofType type: Int, limit: Int) throws -> [CuDNNDescriptor] {
        let results = try (0..<limit).map { _ in try CuDNNDescriptor(type, functions) }
        var pointers: [cudnnBackendDescriptor_t?] = results.map(\.pointer)
        var count: Int64 = 0
        try CuDNN.check(
            functions, "cudnnBackendGetAttribute(\(name))",
            functions.getAttribute(
                pointer, Int32(name), Int32(CCUDNN_TYPE_DESCRIPTOR), Int64(limit), &count, &pointers))
        for result in results { result.references.append(self) }
        return Array(results.prefix(Int(count)))
    }
}
