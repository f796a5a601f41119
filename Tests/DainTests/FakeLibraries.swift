import Foundation

/// Libraries in the place of NVIDIA's, which tell what a test wants of a machine with a GPU. Nothing can be computed with them.
struct FakeLibraries {
    let folder: TemporaryFolder

    /// What the fake driver says.
    struct Driver {
        /// What `cuInit` returns.
        var status = 0
        var gpus = 1
        var capability = (9, 0)
        /// Of GPU 0, where it is another.
        var firstCapability: (Int, Int)?
    }

    /// - Parameters:
    ///   - without: Functions that the libraries lack, as old ones do.
    ///   - broken: Names of files that are there and no libraries.
    init(_ driver: Driver = Driver(), without: Set<String> = [], broken: [String] = []) throws {
        folder = try TemporaryFolder()
        let first = driver.firstCapability ?? driver.capability
        try compile(
            "libcuda.so.1", header: "driver.h", without,
            [
                "cuInit": "(unsigned flags) { return \(driver.status); }",
                "cuDriverGetVersion": "(int *version) { *version = 13000; return 0; }",
                "cuGetErrorName": #"(int error, const char **name) { *name = "FAKE"; return 0; }"#,
                "cuGetErrorString":
                    #"(int error, const char **text) { *text = "a fake error"; return 0; }"#,
                "cuDeviceGetCount": "(int *count) { *count = \(driver.gpus); return 0; }",
                "cuDeviceGet": "(int *device, int index) { *device = index; return 0; }",
                "cuDeviceGetName": #"(char *name) { __builtin_strcpy(name, "Fake GPU"); return 0; }"#,
                "cuDeviceGetAttribute":
                    """
                (int *value, int name, int device) {
                    if (device == 0) *value = name == 75 ? \(first.0) : \(first.1);
                    else *value = name == 75 ? \(driver.capability.0) : \(driver.capability.1);
                    return 0;
                }
                """,
                "cuDeviceTotalMem_v2": "(unsigned long *bytes) { *bytes = 80ul << 30; return 0; }",
                // With this the fakes are at their end.
                "cuDevicePrimaryCtxRetain": "(void) { return 2; }",
            ])
        try compile(
            "libnvrtc.so.13", header: "nvrtc.h", without,
            ["nvrtcVersion": "(int *major, int *minor) { *major = 13; *minor = 1; return 0; }"])
        try compile(
            "libcudnn.so.9", header: "cudnn_graph.h", without,
            ["cudnnGetVersion": "(void) { return 91900; }"])
        try compile(
            "libcublasLt.so.13", header: "cublas_lt.h", without,
            ["cublasLtGetVersion": "(void) { return 130100; }"])
        for name in broken { try Data("no library".utf8).write(to: folder[name]) }
    }

    /// For ``DainProcess``: the fakes come before what the machine has.
    var environment: [String: String?] {
        let others = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"].map { ":" + $0 } ?? ""
        return ["LD_LIBRARY_PATH": folder.path + others]
    }

    /// Whether they can be made here.
    static let canBeMade = (try? run("--version")) == 0

    /// All functions that a header of CCUDA lists, of which `bodies` have something to say.
    private func compile(
        _ library: String, header: String, _ without: Set<String>, _ bodies: [String: String]
    ) throws {
        let path = DainProcess.repository.appendingPathComponent("Sources/CCUDA/include/\(header)")
        let text = try String(contentsOf: path, encoding: .utf8)
        let functions = text.matches(of: /F\(\w+, "(\w+)"/).map { String($0.1) }
        let source = functions.filter { !without.contains($0) }
            .map { "int \($0)\(bodies[$0] ?? "(void) { return 0; }")\n" }.joined()
        let file = folder[library + ".c"]
        try Data(source.utf8).write(to: file)
        let arguments = ["-shared", "-fPIC", "-w", "-fno-builtin", "-o", folder[library].path, file.path]
        guard try Self.run(arguments) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    private static func run(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["clang"] + arguments
        (process.standardOutput, process.standardError) = (
            FileHandle.nullDevice, FileHandle.standardError
        )
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    private static func run(_ argument: String) throws -> Int32 { try run([argument]) }
}
