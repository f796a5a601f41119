import Foundation

/// Runs the built `dain-fuzz`, which lies beside the test bundle.
enum FuzzProcess {
    struct Result {
        var exitCode: Int32
        var output: String
    }

    /// Waits without a thread: fuzzing takes longer than any other test.
    static func run(_ arguments: [String]) async throws -> Result {
        let process = Process()
        process.executableURL = binary
        process.arguments = arguments
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { _ = Swift.Result { try FileManager.default.removeItem(at: file) } }
        let handle = try FileHandle(forWritingTo: file)
        (process.standardOutput, process.standardError) = (handle, handle)
        let (ends, continuation) = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in continuation.finish() }
        try process.run()
        for await _ in ends {}
        return Result(
            exitCode: process.terminationStatus,
            output: String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }

    private static let binary: URL = {
        #if canImport(Darwin)
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
            let folder = bundle.bundleURL.deletingLastPathComponent()
        #else
            let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
                .deletingLastPathComponent()
        #endif
        return folder.appendingPathComponent("dain-fuzz")
    }()
}
