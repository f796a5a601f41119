import CCUDA

/// The libraries of NVIDIA that the backend calls. None is needed to build or to start the program: each is looked for
/// when a GPU is asked for.
struct CUDALibraries: Sendable {
    static let driverNames = ["libcuda.so.1", "libcuda.so"]
    static let nvrtcNames = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"]
    static let cuDNNNames = ["libcudnn.so.9"]
    static let cuBLASLtNames = ["libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"]

    /// What messages call them.
    static let driverTitle = "the NVIDIA driver (libcuda)"
    static let nvrtcTitle = "NVRTC (libnvrtc)"
    static let cuDNNTitle = "cuDNN 9 (libcudnn)"

    let driver: DriverFunctions
    let nvrtc: NVRTCFunctions
    let cuDNN: CuDNNFunctions
    /// Makes some layers faster; cuDNN computes them without it.
    let cuBLASLt: CuBLASLtFunctions?

    /// Opens what is needed; the error names what is missing. The GPU comes before the libraries that only it needs.
    static func openForUse(index: Int) throws -> CUDALibraries {
        func named<T>(_ name: String, _ open: () throws(LibraryError) -> T) throws(CUDAError) -> T {
            do { return try open() } catch { throw .library(name: name, error) }
        }
        let driver = try named(driverTitle, openDriver).functions
        let count = try CUDADevice.count(driver)
        guard (0..<count).contains(index) else { throw CUDAError.noDevice(index: index, count: count) }
        if let refusal = try DeviceFacts(index: index, driver: driver).refusal { throw refusal }
        return CUDALibraries(
            driver: driver, nvrtc: try named(nvrtcTitle, openNVRTC).functions,
            cuDNN: try named(cuDNNTitle, openCuDNN).functions,
            cuBLASLt: try? openCuBLASLt().functions)
    }

    static func openDriver() throws(LibraryError) -> (library: SharedLibrary, functions: DriverFunctions) {
        try fill(driverNames, driverFunctionsLoad)
    }

    static func openNVRTC() throws(LibraryError) -> (library: SharedLibrary, functions: NVRTCFunctions) {
        try fill(nvrtcNames, nvrtcFunctionsLoad)
    }

    static func openCuDNN() throws(LibraryError) -> (library: SharedLibrary, functions: CuDNNFunctions) {
        try fill(cuDNNNames, cuDNNFunctionsLoad)
    }

    static func openCuBLASLt() throws(LibraryError) -> (library: SharedLibrary, functions: CuBLASLtFunctions)
    {
        try fill(cuBLASLtNames, cuBLASLtFunctionsLoad)
    }

    private static func fill<Table>(
        _ names: [String],
        _ load: (UnsafeMutablePointer<Table>, UnsafeMutableRawPointer) -> UnsafePointer<CChar>?
    ) throws(LibraryError) -> (library: SharedLibrary, functions: Table) {
        let library = try SharedLibrary.open(names)
        let table = UnsafeMutablePointer<Table>.allocate(capacity: 1)
        defer { table.deallocate() }
        if let missing = load(table, library.handle) {
            throw .lacks(symbol: String(cString: missing), library: library.name)
        }
        // The loader has set every member.
        return (library, table.pointee)
    }
}
