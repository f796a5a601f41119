import CCUDA

/// What there is of GPUs on this machine, and of the libraries that the backend needs. Absence is a fact with a reason, never an
/// error.
public struct GPUReport: Encodable, Sendable {
    public struct Library: Encodable, Sendable {
        public var name: String
        /// The name that it was found under.
        public var file: String?
        public var version: String?
        /// Why it cannot be used.
        public var problem: String?
    }

    public struct GPU: Encodable, Sendable {
        /// As `--device cuda:N` counts.
        public var index: Int
        public var name: String
        public var computeCapability: String
        public var memoryBytes: Int
        /// Why the networks cannot run on it.
        public var problem: String?
    }

    /// `driver`, `NVRTC`, `cuDNN` and `cuBLASLt`, in this order. Only the last can be done without.
    public var libraries: [Library]
    public var gpus: [GPU] = []
    /// Whether the networks should run on the GPUs without a problem of their own.
    public var isUsable = false
    /// Why not.
    public var obstacle: String?

    /// The first GPU without a problem of its own, as the driver numbers them; 0 where there is none.
    public static var firstUsable: Int {
        guard let driver = try? CUDALibraries.openDriver().functions,
            let count = try? CUDADevice.count(driver)
        else { return 0 }
        return (0..<count).first { index in
            (try? DeviceFacts(index: index, driver: driver)).map { $0.refusal == nil } ?? false
        } ?? 0
    }

    /// Looks at this machine.
    public static func gather() -> GPUReport {
        var driver: DriverFunctions?
        var report = GPUReport(
            libraries: [
                library("driver", CUDALibraries.openDriver) { functions in
                    driver = functions
                    var number: Int32 = 0
                    return functions.driverGetVersion(&number) == 0 ? LibraryVersion.driver(Int(number)) : nil
                },
                library("NVRTC", CUDALibraries.openNVRTC) { functions in
                    var (major, minor): (Int32, Int32) = (0, 0)
                    return functions.version(&major, &minor) == 0 ? "\(major).\(minor)" : nil
                },
                library("cuDNN", CUDALibraries.openCuDNN) { LibraryVersion.cuDNN($0.getVersion()) },
                library("cuBLASLt", CUDALibraries.openCuBLASLt) { LibraryVersion.cuBLASLt($0.getVersion()) },
            ])
        report.obstacle = report.listGPUs(driver)
        report.isUsable = report.obstacle == nil
        return report
    }

    /// Returns what keeps the networks from running on one.
    private mutating func listGPUs(_ driver: DriverFunctions?) -> String? {
        guard let driver else { return "\(CUDALibraries.driverTitle) \(libraries[0].problem ?? "")" }
        do {
            gpus = try (0..<CUDADevice.count(driver)).map { try Self.gpu($0, driver) }
        } catch {
            return "\(error)"
        }
        guard let first = gpus.first else { return CUDAError.noDevice(index: 0, count: 0).description }
        if gpus.allSatisfy({ $0.problem != nil }) { return first.problem }
        let titles = [CUDALibraries.driverTitle, CUDALibraries.nvrtcTitle, CUDALibraries.cuDNNTitle]
        for (title, library) in zip(titles, libraries) {
            if let problem = library.problem { return "\(title) \(problem)" }
        }
        return nil
    }

    private static func library<Functions>(
        _ name: String,
        _ open: () throws(LibraryError) -> (library: SharedLibrary, functions: Functions),
        version: (Functions) -> String?
    ) -> Library {
        do {
            let (library, functions) = try open()
            return Library(name: name, file: library.name, version: version(functions))
        } catch {
            return Library(name: name, problem: error.description)
        }
    }

    private static func gpu(_ index: Int, _ driver: DriverFunctions) throws -> GPU {
        let facts = try DeviceFacts(index: index, driver: driver)
        return GPU(
            index: index, name: facts.name, computeCapability: facts.capabilityText,
            memoryBytes: facts.totalMemory,
            problem: facts.refusal?.description)
    }
}

extension GPUReport {
    /// The report for people, as labels with values: GPUs first.
    public var rows: [(label: String, value: String)] {
        var rows: [(label: String, value: String)] = gpus.map { gpu in
            let facts = "\(gpu.name), compute capability \(gpu.computeCapability), \(gpu.memory)"
            return ("GPU \(gpu.index)", facts + (gpu.problem == nil ? "" : "; not usable, too old"))
        }
        if gpus.isEmpty { rows.append(("GPU", "none")) }
        for library in libraries {
            let found = [library.version, library.file.map { "(\($0))" }].compactMap(\.self).joined(
                separator: " ")
            let problem = library.problem.map {
                library.name == "cuBLASLt" ? "\($0); some layers are slower without it" : $0
            }
            rows.append(("  \(library.name)", problem ?? found))
        }
        rows.append(("  usable", obstacle.map { "no: \($0)" } ?? "yes"))
        return rows
    }
}

extension GPUReport.GPU {
    fileprivate var memory: String {
        let tenths = (memoryBytes * 10 + (1 << 29)) / (1 << 30)
        return "\(tenths / 10).\(tenths % 10) GiB"
    }
}
