import CUDABackend

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What `dain doctor` finds. Its JSON form is part of the interface: fields are added, never renamed.
struct DoctorReport: Encodable {
    struct Processor: Encodable {
        /// As the CPU or the operating system names it; empty where neither does.
        var name: String
        var architecture: String
        /// The level that the kernels need, and whether the CPU has it.
        var requiredLevel: String
        var isSupported: Bool
        /// The cores that this process may use.
        var cores: Int
    }

    struct Library: Encodable {
        var name: String
        /// The versions of the headers at the build and of the library at run time.
        var built: String
        var running: String
        /// Whether the library at run time keeps the binary interface of the build, and is not older.
        var isCompatible: Bool
    }

    struct Codec: Encodable {
        enum Role: String, Encodable {
            case encoder, decoder
        }
        var format: String
        var role: Role
        /// FFmpeg's names of the implementations that serve, best first.
        var candidates: [String]
        /// Those of them that are there.
        var available: [String]
        /// Whether the program's defaults rely on it.
        var isNeeded: Bool
    }

    struct Problem: Encodable {
        var description: String
        var remedy: String
        /// Whether nothing works before this is solved; otherwise it only limits what can be read or written.
        var isFatal: Bool
    }

    struct Model: Encodable {
        var name: String
        var path: String
        /// The size of the file; nil where a manifest lists it but it is not there.
        var bytes: Int64?
    }

    var version: String
    var system: String
    var processor: Processor
    var memoryBytes: UInt64
    var ffmpeg: String
    var libraries: [Library]
    var codecs: [Codec]
    /// NVIDIA's GPUs and the libraries for them. None is needed.
    var gpu: GPUReport
    var modelFolders: [String]
    var models: [Model]
    var problems: [Problem]

    var isReady: Bool { !problems.contains { $0.isFatal } }

    /// The report as one JSON object, its keys in snake case and sorted.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(WithVerdict(report: self)), as: UTF8.self)
    }

    /// Adds the computed verdict to the fields.
    private struct WithVerdict: Encodable {
        var report: DoctorReport

        enum Key: String, CodingKey {
            case isReady
        }

        func encode(to encoder: any Encoder) throws {
            try report.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(report.isReady, forKey: .isReady)
        }
    }
}
