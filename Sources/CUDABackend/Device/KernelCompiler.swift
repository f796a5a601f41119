import CCUDA
import Foundation

/// Compiles the embedded kernels for a GPU, or takes them from the cache on disk.
///
/// The cache is `dain/kernels` in the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`). An entry's name holds all that its
/// contents depend on. A cache that cannot be read or written costs seconds, not the run.
package struct KernelCompiler {
    let nvrtc: NVRTCFunctions
    let capability: (major: Int, minor: Int)

    /// With the features that only GPUs of exactly 9.0 have, for the convolution that is written for them.
    private var architecture: String {
        "sm_\(capability.major)\(capability.minor)" + (capability == (9, 0) ? "a" : "")
    }

    /// All kernel sources as one, with the names of the files for messages.
    package static let source: String = {
        var count: Int32 = 0
        let sources = kernelSources(&count)
        return (0..<Int(count)).map { index in
            "#line 1 \"\(String(cString: sources[index].name))\"\n\(String(cString: sources[index].text))\n"
        }.joined()
    }()

    /// The kernels for a GPU that need not be there.
    package static func compiled(forMajor major: Int, minor: Int) throws -> [UInt8] {
        try KernelCompiler(nvrtc: CUDALibraries.openNVRTC().functions, capability: (major, minor)).compile()
    }

    func image() throws -> [UInt8] {
        let file = cacheFile()
        if let file, let known = try? Data(contentsOf: file), !known.isEmpty { return [UInt8](known) }
        let image = try compile()
        if let file { CacheFolder.write(Data(image), to: file) }
        return image
    }

    private func cacheFile() -> URL? {
        var (major, minor): (Int32, Int32) = (0, 0)
        guard nvrtc.version(&major, &minor) == 0 else { return nil }
        let name = "\(Self.digest)-\(architecture)-nvrtc\(major).\(minor).cubin"
        return CacheFolder.url("kernels")?.appendingPathComponent(name)
    }

    /// FNV-1a of the source, 64 bits: it tells versions of the kernels apart, and protects against nothing.
    static let digest: String = {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in (source + options.joined()).utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }()

    private static let options = ["--std=c++17", "--device-as-default-execution-space"]

    private func compile() throws -> [UInt8] {
        var program: nvrtcProgram?
        try check("nvrtcCreateProgram", nvrtc.createProgram(&program, Self.source, "dain.cu", 0, nil, nil))
        guard let program else { throw CUDAError.compilation(log: "no program") }
        defer {
            var last: nvrtcProgram? = program
            _ = nvrtc.destroyProgram(&last)
        }
        let options = Self.options + ["--gpu-architecture=\(architecture)"]
        let copies = options.map { $0.utf8CString }
        let status = withPointers(copies[...], []) { nvrtc.compileProgram(program, Int32(options.count), $0) }
        guard status == 0 else {
            var bytes = 0
            _ = nvrtc.getProgramLogSize(program, &bytes)
            var log = [CChar](repeating: 0, count: max(1, bytes))
            _ = nvrtc.getProgramLog(program, &log)
            throw CUDAError.compilation(
                log: String(decoding: log.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
                    .trimmingCharacters(in: .whitespacesAndNewlines))
        }
        var bytes = 0
        try check("nvrtcGetCUBINSize", nvrtc.getCUBINSize(program, &bytes))
        var image = [CChar](repeating: 0, count: bytes)
        try check("nvrtcGetCUBIN", nvrtc.getCUBIN(program, &image))
        return image.map(UInt8.init(bitPattern:))
    }

    private func withPointers(
        _ strings: ArraySlice<ContiguousArray<CChar>>, _ pointers: [UnsafePointer<CChar>?],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Int32
    ) -> Int32 {
        guard let first = strings.first else {
            return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
        }
        return first.withUnsafeBufferPointer {
            withPointers(strings.dropFirst(), pointers + [$0.baseAddress], body)
        }
    }

    private func check(_ call: String, _ status: Int32) throws {
        guard status != 0 else { return }
        throw CUDAError.compilation(
            log: "\(call): \(nvrtc.getErrorString(status).map { String(cString: $0) } ?? "error \(status)")")
    }
}
