import Foundation
import Testing

/// `dain-core oracle`, on the CPU: the published definition's outputs are met, and what differs from them is noticed.
struct OracleTests {
    private static let fixtures = DainProcess.repository.appendingPathComponent("Tests/Fixtures/parity")
    private static let noise = fixtures.appendingPathComponent("noise_64x64_seed1.safetensors")

    private func compare(_ arguments: String...) async throws -> DainProcess.Result {
        try await DainProcess.run(["oracle"] + arguments, program: "dain-core")
    }

    @Test func aFolderAgrees() async throws {
        let folder = try TemporaryFolder()
        for name in ["noise_64x64_seed1", "bunny_101x71_centred_seed2", "bunny_128x61_demo_seed2"] {
            try FileManager.default.copyItem(
                at: Self.fixtures.appendingPathComponent("\(name).safetensors"),
                to: folder["\(name).safetensors"])
        }
        try Data("not a fixture".utf8).write(to: folder["notes.txt"])
        let result = try await compare(folder.path, "--cpu")
        #expect(result.exitCode == 0 && result.stderr.isEmpty, "\(result)")
        let lines = result.stdout.split(separator: "\n")
        #expect(lines.last == "CPU, fp32: 35 entries of 3 files, 0 failed", "\(result)")
        #expect(lines.filter { $0.hasPrefix("  ok ") }.count == 35, "\(result)")
        #expect(lines.contains("bunny_128x61_demo_seed2.safetensors, 128x61"), "\(result)")
        let output = try #require(lines.first { $0.hasPrefix("  ok output_t0.5: worst ") }, "\(result)")
        #expect(output.contains("% within 1e-03, PSNR 1"), "\(output)")
    }

    /// One element in fifty is more than rounding explains.
    @Test func outliersFail() async throws {
        let folder = try TemporaryFolder()
        var fixture = try Safetensors(Self.noise)
        try fixture.change("kernel0") { index, value in index % 50 == 0 ? value + 0.002 : value }
        try fixture.write(to: folder["changed.safetensors"])
        let result = try await compare(folder["changed.safetensors"].path, "--cpu")
        #expect(result.exitCode == 1, "\(result)")
        let failed = result.stdout.split(separator: "\n").filter { $0.hasPrefix("  FAILED") }
        #expect(failed.count == 1 && failed[0].hasPrefix("  FAILED kernel0: worst 2.00e-03 at"), "\(result)")
        #expect(result.stdout.hasSuffix("13 entries of 1 files, 1 failed\n"), "\(result)")
    }

    /// New frames are also held to a PSNR, which a few wide misses miss.
    @Test func aFrameWithFewButWideMissesFails() async throws {
        let folder = try TemporaryFolder()
        var fixture = try Safetensors(Self.noise)
        try fixture.change("output_t0.5") { index, value in index % 200 == 0 ? value + 0.1 : value }
        try fixture.write(to: folder["changed.safetensors"])
        let result = try await compare(folder["changed.safetensors"].path, "--cpu")
        #expect(result.exitCode == 1, "\(result)")
        #expect(result.stdout.contains("  FAILED output_t0.5: worst 1.00e-01"), "\(result)")
        #expect(result.stdout.contains(" 99.5"), "\(result)")
    }

    @Test func whatIsNotSuchAFileIsRefused() async throws {
        let folder = try TemporaryFolder()
        let tiny = DainProcess.repository.appendingPathComponent(
            "Tests/Fixtures/checkpoints/tiny.safetensors")
        var cases = [
            ("missing", "is not there"), (folder.path, "holds no safetensors files"),
            (DainProcess.repository.appendingPathComponent("README.md").path, "neither a safetensors file"),
            (tiny.path, "has no entry frame0"),
        ]
        func damaged(_ name: String, saying message: String, _ damage: (inout Safetensors) throws -> Void)
            throws
        {
            let copies = folder["copies"]
            try FileManager.default.createDirectory(at: copies, withIntermediateDirectories: true)
            var fixture = try Safetensors(Self.noise)
            try damage(&fixture)
            let path = copies.appendingPathComponent("\(name).safetensors")
            try fixture.write(to: path)
            cases.append((path.path, message))
        }
        try damaged("stride", saying: "entry output_t0.5 has not as many elements") {
            $0.metadata["stride:output_t0.5"] = "1000000"
        }
        try damaged("zero", saying: "entry output_t0.5 has not as many elements") {
            $0.metadata["stride:output_t0.5"] = "0"
        }
        try damaged("shape", saying: "entry flow01_quarter has 9223372036854775807 elements") {
            $0.metadata["shape:flow01_quarter"] = "9223372036854775807"
            $0.metadata["stride:flow01_quarter"] = "\(Int.max / 512 + 1)"
        }
        try damaged("overflow", saying: "entry kernel0 has not as many elements") {
            $0.metadata["shape:kernel0"] = "4294967296,4294967296"
        }
        try damaged("padding", saying: "its padding is none of centred-64, demo-128") {
            $0.metadata["padding"] = "none"
        }
        try damaged("seed", saying: "its seed is no number") { $0.metadata["seed"] = "one" }
        try damaged("frames", saying: "frame0 and frame1 must be [3, H, W], of one size") {
            try $0.reshape("frame1", [3, 32, 128])
        }
        try damaged("entry", saying: "nothing computes an entry flow02_quarter") {
            $0.rename("flow01_quarter", "flow02_quarter")
        }
        try damaged("time", saying: "the time 1.5 is not between 0 and 1") {
            $0.rename("output_t0.5", "output_t1.5")
        }
        for (path, message) in cases {
            let result = try await compare(path, "--cpu")
            #expect(result.exitCode == 1, "\(path): \(result)")
            #expect(result.stderrLines.count == 1 && result.stderr.hasPrefix("Error: "), "\(path): \(result)")
            #expect(result.stderr.contains(message), "\(path): \(result)")
        }
    }

    @Test(arguments: [["--cpu", "--gpu", "0"], ["--cpu", "--precision", "fp16"]])
    func theCPUHasNoChoice(_ options: [String]) async throws {
        let result = try await DainProcess.run(["oracle", Self.noise.path] + options, program: "dain-core")
        #expect(result.exitCode == 64 && result.stdout.isEmpty, "\(result)")
    }

    /// It runs where there are no media libraries.
    @Test func noFFmpegIsLinked() throws {
        func names(_ program: String) throws -> Bool {
            let binary = DainProcess.binary.deletingLastPathComponent().appendingPathComponent(program)
            return try Data(contentsOf: binary, options: .alwaysMapped).range(of: Data("libavformat".utf8))
                != nil
        }
        #expect(try names("dain"))
        #expect(try !names("dain-core"))
    }
}

/// A safetensors file whose parts can be changed.
private struct Safetensors {
    var metadata: [String: String]
    private var entries: [String: [String: Any]]
    private var values: Data

    init(_ file: URL) throws {
        let bytes = try Data(contentsOf: file)
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try #require(
            JSONSerialization.jsonObject(with: bytes.dropFirst(8).prefix(length)) as? [String: [String: Any]])
        metadata = try #require(header["__metadata__"] as? [String: String])
        entries = header.filter { $0.key != "__metadata__" }
        values = Data(bytes.dropFirst(8 + length))
    }

    /// Changes the float32 elements of an entry.
    mutating func change(_ name: String, _ body: (Int, Float) -> Float) throws {
        let offsets = try #require(entries[name]?["data_offsets"] as? [Int])
        for index in 0..<(offsets[1] - offsets[0]) / 4 {
            let place = offsets[0] + 4 * index..<offsets[0] + 4 * index + 4
            let bits = values[place].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            let changed = body(index, Float(bitPattern: bits)).bitPattern.littleEndian
            values.replaceSubrange(place, with: withUnsafeBytes(of: changed) { Data($0) })
        }
    }

    mutating func reshape(_ name: String, _ shape: [Int]) throws {
        try #require(entries[name] != nil)
        entries[name]?["shape"] = shape
    }

    mutating func rename(_ name: String, _ other: String) {
        entries[other] = entries.removeValue(forKey: name)
        for kind in ["stride", "shape"] {
            metadata["\(kind):\(other)"] = metadata.removeValue(forKey: "\(kind):\(name)")
        }
    }

    func write(to file: URL) throws {
        var all: [String: Any] = entries
        all["__metadata__"] = metadata
        let header = try JSONSerialization.data(withJSONObject: all)
        let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
        try (length + header + values).write(to: file)
    }
}
