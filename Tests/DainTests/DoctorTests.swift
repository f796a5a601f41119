import Foundation
import Testing

/// `dain doctor` on this machine, with folders of models made for the test.
struct DoctorTests {
    /// The parts of the JSON form that programs rely on.
    private struct Report: Decodable {
        struct Processor: Decodable {
            var architecture: String
            var requiredLevel: String
            var isSupported: Bool
            var cores: Int
        }
        struct Library: Decodable {
            var name: String
            var built: String
            var running: String
            var isCompatible: Bool
        }
        struct Codec: Decodable {
            var format: String
            var role: String
            var candidates: [String]
            var available: [String]
            var isNeeded: Bool
        }
        struct Model: Decodable, Equatable {
            var name: String
            var path: String
            var bytes: Int
        }
        struct Problem: Decodable {
            var description: String
            var remedy: String
            var isFatal: Bool
        }
        var version: String
        var isReady: Bool
        var memoryBytes: Int
        var processor: Processor
        var libraries: [Library]
        var codecs: [Codec]
        var modelFolders: [String]
        var models: [Model]
        var problems: [Problem]
    }

    private func report(models folder: String) async throws -> (Report, DainProcess.Result) {
        let result = try await DainProcess.run(["doctor", "--json"], environment: ["DAIN_MODELS": folder])
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return (try decoder.decode(Report.self, from: Data(result.stdout.utf8)), result)
    }

    @Test func describesTheMachine() async throws {
        let folder = try TemporaryFolder()
        let (report, result) = try await report(models: folder.path)
        #expect(result.stderr.isEmpty)
        #expect(report.version.wholeMatch(of: /\d+\.\d+\.\d+/) != nil)
        #expect(report.memoryBytes == Int(ProcessInfo.processInfo.physicalMemory))
        #expect(report.processor.cores == ProcessInfo.processInfo.activeProcessorCount)
        #if arch(x86_64)
            #expect(report.processor.architecture == "x86_64")
            #expect(report.processor.requiredLevel == "x86-64-v3")
        #endif
        #if arch(x86_64) && os(Linux)
            let flags =
                try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
                .split(separator: "\n").first { $0.hasPrefix("flags") }?.split(separator: " ") ?? []
            let level = ["avx2", "fma", "f16c", "bmi1", "bmi2", "abm", "movbe", "xsave"]
            #expect(report.processor.isSupported == level.allSatisfy { flags.contains(Substring($0)) })
        #endif
    }

    @Test func listsLibrariesAndCodecs() async throws {
        let folder = try TemporaryFolder()
        let (report, _) = try await report(models: folder.path)
        #expect(
            report.libraries.map(\.name) == [
                "libavformat", "libavcodec", "libavfilter", "libavutil", "libswscale", "libswresample",
            ])
        for library in report.libraries {
            let version = /\d+\.\d+\.\d+/
            #expect(library.built.wholeMatch(of: version) != nil, "\(library)")
            #expect(library.running.wholeMatch(of: version) != nil, "\(library)")
            #expect(library.isCompatible || library.built != library.running, "\(library)")
        }
        // These decoders are FFmpeg's own and in every build.
        for format in ["H.264", "H.265", "FFV1", "TIFF"] {
            let decoder = report.codecs.first { $0.format == format && $0.role == "decoder" }
            #expect(decoder?.available.isEmpty == false, "\(format)")
        }
        for codec in report.codecs {
            #expect(codec.available.allSatisfy(codec.candidates.contains), "\(codec)")
        }
        #expect(report.codecs.filter(\.isNeeded).map { "\($0.format) \($0.role)" } == ["H.264 encoder"])
    }

    @Test func everyMissingCodecHasItsRemedy() async throws {
        let folder = try TemporaryFolder()
        let (report, _) = try await report(models: folder.path)
        for codec in report.codecs where codec.available.isEmpty {
            let problem = report.problems.first { $0.description.contains("\(codec.format) \(codec.role)") }
            #expect(problem?.isFatal == codec.isNeeded, "\(codec)")
            #expect(problem?.remedy.isEmpty == false, "\(codec)")
        }
    }

    @Test func saysWhereItLooksForModels() async throws {
        let folder = try TemporaryFolder()
        let (report, result) = try await report(models: folder.path)
        #expect(result.exitCode == 0, "\(result)")
        #expect(report.isReady)
        #expect(report.modelFolders.first == folder.path)
        // The program finds the models of the checkout that it was built in.
        let bundled = DainProcess.repository.appendingPathComponent("models/dain-campaign8-fp16.safetensors")
        #expect(
            report.models.contains { $0.name == "dain-campaign8" && $0.path == bundled.path }, "\(result)")
    }

    @Test func aMissingFolderOfModelsIsAProblem() async throws {
        let folder = try TemporaryFolder()
        let (report, result) = try await report(models: folder["missing"].path)
        #expect(result.exitCode == 0 && report.isReady, "\(result)")
        #expect(report.problems.contains { $0.description.contains(folder["missing"].path) }, "\(result)")
    }

    @Test func aBrokenManifestIsAProblem() async throws {
        let folder = try TemporaryFolder()
        try Data("{".utf8).write(to: folder["manifest.json"])
        let (report, result) = try await report(models: folder.path)
        #expect(result.exitCode == 1)
        #expect(!report.isReady)
        #expect(report.problems.contains { $0.isFatal && $0.description.contains(folder.path) }, "\(result)")
    }

    @Test(arguments: [999, 1000])
    func aDamagedDefaultIsAProblem(bytes: Int) async throws {
        let folder = try TemporaryFolder()
        try Data(count: bytes).write(to: folder["tiny.safetensors"])
        let manifest = """
            {"default": "tiny", "models": [{"name": "tiny", "file": "tiny.safetensors", "bytes": 1000,
            "sha256": "\(String(repeating: "0", count: 64))", "source": "a test", "licence": "MIT"}]}
            """
        try Data(manifest.utf8).write(to: folder["manifest.json"])
        let (report, result) = try await report(models: folder.path)
        #expect(result.exitCode == 1 && !report.isReady)
        let path = folder["tiny.safetensors"].path
        #expect(
            report.problems.contains { $0.isFatal && $0.description.hasPrefix("\(path): damaged: ") },
            "\(result)")
        let text = try await DainProcess.run(["doctor"], environment: ["DAIN_MODELS": folder.path])
        #expect(text.exitCode == 1)
        #expect(text.stdout.hasSuffix("Something that is needed is missing or damaged.\n"), "\(text)")
    }

    @Test func textReportSaysTheSame() async throws {
        let folder = try TemporaryFolder()
        let result = try await DainProcess.run(["doctor"], environment: ["DAIN_MODELS": folder.path])
        #expect(result.exitCode == 0)
        #expect(result.stderr.isEmpty)
        let lines = result.stdout.split(separator: "\n").map(String.init)
        #expect(lines.first?.hasPrefix("dain ") == true)
        #expect(lines.last == "Everything that is needed is there.")
        // One column: every value begins in the same place.
        let columns = ["system", "CPU", "memory", "FFmpeg", "  libavcodec"].map { label in
            lines.first { $0.hasPrefix(label + " ") }
                .map { $0.dropFirst(label.count).prefix { $0 == " " }.count + label.count }
        }
        #expect(Set(columns).count == 1 && columns[0] != nil, "\(result)")
    }

    @Test func findsAModel() async throws {
        let folder = try TemporaryFolder()
        try Data(count: 1000).write(to: folder["tiny.safetensors"])
        try Data(count: 10).write(to: folder["notes.txt"])
        let (report, result) = try await report(models: folder.path)
        #expect(
            report.models.first == .init(name: "tiny", path: folder["tiny.safetensors"].path, bytes: 1000))
        #expect(!report.problems.contains { $0.description.contains("model") }, "\(result)")
        #expect(report.isReady == (result.exitCode == 0))
    }

    // MARK: GPUs

    private struct GPUPart: Decodable {
        struct Library: Decodable, Equatable {
            var name: String
            var file, version, problem: String?
        }
        struct GPU: Decodable, Equatable {
            var index: Int
            var name, computeCapability: String
            var memoryBytes: Int
            var problem: String?
        }
        struct Part: Decodable {
            var libraries: [Library]
            var gpus: [GPU]
            var isUsable: Bool
            var obstacle: String?
        }
        var gpu: Part
    }

    private func gpuPart(_ fakes: FakeLibraries? = nil) async throws -> GPUPart.Part {
        let result = try await DainProcess.run(["doctor", "--json"], environment: fakes?.environment ?? [:])
        // Their folder is removed with them.
        withExtendedLifetime(fakes) {}
        // A GPU is not needed.
        #expect(result.exitCode == 0, "\(result)")
        return try JSONDecoder.snakeCase.decode(GPUPart.self, from: Data(result.stdout.utf8)).gpu
    }

    @Test func noGPUIsNoProblem() async throws {
        let part = try await gpuPart()
        #expect(!part.isUsable && part.gpus.isEmpty)
        #expect(part.libraries.map(\.name) == ["driver", "NVRTC", "cuDNN", "cuBLASLt"])
        for library in part.libraries {
            #expect((library.file == nil) == (library.problem != nil), "\(library)")
        }
        let obstacle = try #require(part.obstacle)
        #expect(
            obstacle.hasPrefix("the NVIDIA driver (libcuda) was not found (tried libcuda.so.1")
                || obstacle == "the driver finds no GPU")
        let text = try await DainProcess.run(["doctor"])
        #expect(text.exitCode == 0 && text.stderr.isEmpty, "\(text)")
        #expect(text.stdout.contains(/\nGPU +none\n/), "\(text)")
        #expect(text.stdout.contains(/\n  usable +no: .+\n/) && text.stdout.contains(obstacle), "\(text)")
    }

    #if os(Linux)
        @Test(.enabled(if: FakeLibraries.canBeMade, "clang is not there to make fake libraries with"))
        func listsGPUsAndTheirLibraries() async throws {
            let fakes = try FakeLibraries(.init(gpus: 2))
            let part = try await gpuPart(fakes)
            #expect(part.isUsable && part.obstacle == nil)
            #expect(
                part.libraries == [
                    .init(name: "driver", file: "libcuda.so.1", version: "13.0"),
                    .init(name: "NVRTC", file: "libnvrtc.so.13", version: "13.1"),
                    .init(name: "cuDNN", file: "libcudnn.so.9", version: "9.19.0"),
                    .init(name: "cuBLASLt", file: "libcublasLt.so.13", version: "13.1.0"),
                ])
            #expect(
                part.gpus
                    == [0, 1].map {
                        .init(index: $0, name: "Fake GPU", computeCapability: "9.0", memoryBytes: 80 << 30)
                    })
            let text = try await DainProcess.run(["doctor"], environment: fakes.environment)
            withExtendedLifetime(fakes) {}
            for row in [
                /\nGPU 0 +Fake GPU, compute capability 9.0, 80.0 GiB\n/,
                /\n  driver +13.0 \(libcuda.so.1\)\n/,
                /\n  NVRTC +13.1 \(libnvrtc.so.13\)\n/, /\n  cuDNN +9.19.0 \(libcudnn.so.9\)\n/,
                /\n  cuBLASLt +13.1.0 \(libcublasLt.so.13\)\n/,
                /\n  usable +yes\n/,
            ] { #expect(text.stdout.contains(row), "\(text)") }
        }

        @Test(.enabled(if: FakeLibraries.canBeMade, "clang is not there to make fake libraries with"))
        func saysWhyAGPUCannotBeUsed() async throws {
            let old = try await gpuPart(FakeLibraries(.init(capability: (5, 2))))
            #expect(!old.isUsable && old.gpus.first?.problem == old.obstacle)
            #expect(old.obstacle == "Fake GPU has compute capability 5.2; at least 7.0 is needed")
            let lacking = try await gpuPart(FakeLibraries(without: ["cudnnCreate"]))
            #expect(!lacking.isUsable && lacking.gpus.count == 1)
            #expect(lacking.obstacle == "cuDNN 9 (libcudnn) is too old: libcudnn.so.9 has no cudnnCreate")
            #expect(lacking.libraries[2].problem == "is too old: libcudnn.so.9 has no cudnnCreate")
            let slower = try await gpuPart(FakeLibraries(broken: ["libcublasLt.so.13"]))
            #expect(slower.isUsable && slower.libraries[3].problem != nil)
            let failing = try await gpuPart(FakeLibraries(.init(status: 3)))
            #expect(
                !failing.isUsable && failing.gpus.isEmpty && failing.obstacle == "cuInit: a fake error (FAKE)"
            )
        }
    #endif
}
