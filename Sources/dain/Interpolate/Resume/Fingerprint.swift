import CFFmpeg
import Foundation
import Media
import Weights

/// All that decides what the frames of a result are. Two runs with the same fingerprint make the same frames.
struct Fingerprint: Codable, Hashable {
    /// By what a user calls it: an option's name, or a noun.
    private let facts: [String: String]

    init(
        _ command: InterpolateCommand, output: String, _ plan: TimePlan, device: ChosenDevice,
        segmentFrames: Int
    ) throws {
        let scenes = command.scenes.settings
        let encoding = command.encoding.settings
        let options = encoding.options.map { "\($0.key)=\($0.value)" }
        let time = command.time
        var facts: [String: String?] = [
            "dain": dainVersion,
            // Segments of one major version can be put together with those of another update of it.
            "FFmpeg": "\(avcodec_version() >> 16)",
            "the input": try Self.identity(of: command.inputs[0]),
            "the frame rate": "\(plan.rate)",
            "--slowdown": time.slowdown?.description,
            "--audio": time.audio.rawValue,
            "--start": time.start?.description,
            "--end": time.end?.description,
            "--frames": time.frames?.description,
            "--scene-threshold": scenes.cutThreshold?.description ?? "none",
            "--duplicates": scenes.duplicates.rawValue,
            "--deinterlace": command.input.deinterlace.rawValue,
            "--input-format": command.input.inputFormat,
            "--input-size": command.input.inputSize.map { "\($0.width)x\($0.height)" },
            "--input-pix-fmt": command.input.inputPixFmt,
            "--input-rate": command.input.inputRate?.rate.description,
            "the container": encoding.container ?? Self.ending(of: output),
            "--codec": encoding.codec,
            "--crf": encoding.quality?.description,
            "--preset": encoding.preset,
            "--pix-fmt": encoding.pixelFormat,
            "--encoder-option": options.isEmpty ? nil : options.joined(separator: " "),
            "the model": try Self.identity(ofModel: command.network.model),
            "--projection": "\(command.network.projection)",
            "--fast": command.network.fast ? "on" : nil,
            // It decides into which tiles frames are cut.
            "--max-memory": command.network.maxMemory?.bytes.description,
            "--segment-frames": "\(segmentFrames)",
        ]
        // GPUs, and versions of their library, round differently; all CPUs alike.
        if case .cuda(let backend) = device {
            facts["--device"] = "cuda, \(backend.deviceName)"
            facts["--precision"] = backend.precision.rawValue
            facts["cuDNN"] = backend.cuDNNVersion
        }
        facts = facts.filter { $0.value != nil }
        self.facts = facts.compactMapValues(\.self)
    }

    /// What a result is marked with, SHA-256 in hexadecimal digits: it stays finished when the program is brought up to date,
    /// although a run could not go on then.
    func digestOfSettings() throws -> String {
        try Self.digest(of: facts.filter { !["dain", "FFmpeg", "cuDNN"].contains($0.key) })
    }

    /// SHA-256 in hexadecimal digits.
    func digest() throws -> String { try Self.digest(of: facts) }

    private static func digest(of facts: [String: String]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return digest(of: try encoder.encode(facts))
    }

    /// What is not as it was, in a few words.
    func changes(since old: Fingerprint) -> String {
        let names = Set(facts.keys).union(old.facts.keys).filter { facts[$0] != old.facts[$0] }
        return names.sorted().joined(separator: ", ")
    }

    /// Size and date, which tell a file from others and from itself after a change, wherever it was moved to.
    private static func identity(of path: String) throws -> String {
        var file = stat()
        guard stat(path, &file) == 0 else { throw BadUsage("\(path): no such file") }
        #if canImport(Darwin)
            let date = file.st_mtimespec
        #else
            let date = file.st_mtim
        #endif
        return "\(file.st_size) bytes of \(date.tv_sec).\(date.tv_nsec)"
    }

    /// Refuses what cannot be read again. A file that is missing is for others to refuse.
    static func checkThatItIsAFile(_ path: String) throws {
        var file = stat()
        guard stat(path, &file) == 0, file.st_mode & S_IFMT != S_IFREG else { return }
        throw BadUsage("\(path): --resume needs a video that is a file, which can be read again")
    }

    private static func identity(ofModel request: String?) throws -> String {
        let location = try ModelStore.ofThisProcess.locate(request)
        if let known = location.model?.sha256 { return known }
        return digest(of: try Data(contentsOf: URL(fileURLWithPath: location.path), options: .mappedIfSafe))
    }

    private static func digest(of bytes: Data) -> String {
        bytes.withUnsafeBytes(SHA256.digest).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    private static func ending(of path: String) -> String {
        path.split(separator: ".").last?.lowercased() ?? path
    }
}
