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
        let bundled = DainProcess.repository.appendingPathComponent("models/dain-campaign3-fp16.safetensors")
        #expect(
            report.models.contains { $0.name == "dain-campaign3" && $0.path == bundled.path }, "\(result)")
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
}
