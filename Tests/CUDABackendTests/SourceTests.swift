import CUDABackend
import Foundation
import Testing

/// What is compiled for the GPU, and how its memory is portioned.
struct SourceTests {
    /// A kernel's file that nobody embeds would only be missed on a GPU.
    @Test func everyKernelIsEmbeddedOnce() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Sources/CCUDA/kernels").standardizedFileURL
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.contains { $0.hasSuffix(".cu") })
        let source = KernelCompiler.source
        for name in names {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            #expect(source.components(separatedBy: text).count == 2, "\(name)")
            #expect(source.components(separatedBy: "#line 1 \"\(name)\"\n").count == 2, "\(name)")
        }
    }

    private static let hasNVRTC = GPUReport.gather().libraries[1].problem == nil

    /// NVRTC needs no GPU: it compiles for any that it knows.
    @Test(.enabled(if: hasNVRTC, "NVRTC is not there"), arguments: [(7, 5), (8, 0), (8, 9), (9, 0)])
    func theKernelsCompile(_ major: Int, _ minor: Int) throws {
        // An ELF file.
        #expect(
            try KernelCompiler.compiled(forMajor: major, minor: minor).starts(with: [0x7F, 0x45, 0x4C, 0x46]))
    }

    @Test func sizesOfBlocksAreFewAndLargeEnough() {
        #expect(
            MemoryPool.rounded(0) == 512 && MemoryPool.rounded(1) == 512 && MemoryPool.rounded(513) == 1024)
        var sizes: Set<Int> = []
        for bytes in stride(from: 1, through: 1 << 22, by: 97) {
            let size = MemoryPool.rounded(bytes)
            #expect(size >= bytes && size % 512 == 0)
            // An eighth too much at most, but for small ones.
            #expect(size - bytes < max(512, bytes / 8 + 1))
            #expect(MemoryPool.rounded(size) == size)
            sizes.insert(size)
        }
        #expect(sizes.count < 200)
    }
}
