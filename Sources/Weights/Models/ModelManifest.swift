import Foundation

/// The list of models in a folder, `manifest.json`.
public struct ModelManifest: Equatable, Sendable {
    public static let fileName = "manifest.json"

    public struct Model: Codable, Equatable, Sendable {
        /// What `--model` calls it.
        public let name: String
        /// The name of its file in the manifest's folder.
        public let file: String
        /// The size of the file.
        public let bytes: Int
        /// 64 lower-case hexadecimal digits.
        public let sha256: String
        /// Where the weights come from.
        public let source: String
        /// What may be done with them.
        public let licence: String
        public let description: String?
    }

    public let models: [Model]
    /// The name of the model to use when none is asked for.
    public let defaultModel: String?

    /// Reads and checks the manifest at `path`.
    public init(path: String) throws(ModelError) {
        let bytes: WeightBytes
        do throws(WeightFileError) {
            bytes = try WeightBytes(mapping: path)
        } catch {
            throw .unreadableManifest(error)
        }
        guard bytes.count <= Self.maximumByteCount else {
            throw .invalidManifest(path: path, detail: "\(bytes.count) bytes are too many")
        }
        try self.init(json: bytes.withUnsafeBytes { Data($0) }, path: path)
    }

    /// Reads and checks a manifest; `path` is for messages.
    public init(json: Data, path: String) throws(ModelError) {
        do {
            let content = try JSONDecoder().decode(Content.self, from: json)
            models = content.models
            defaultModel = content.default
        } catch {
            throw .invalidManifest(path: path, detail: Self.summary(of: error))
        }
        if let detail = problem() { throw .invalidManifest(path: path, detail: detail) }
    }

    private struct Content: Codable {
        let `default`: String?
        let models: [Model]
    }

    private static let maximumByteCount = 1 << 20

    /// The first thing that is wrong with what the manifest says.
    private func problem() -> String? {
        var names: Set<String> = []
        for model in models {
            if let problem = model.problem { return "model \(quoted(model.name)): \(problem)" }
            if !names.insert(model.name).inserted { return "two models named \(quoted(model.name))" }
        }
        if let defaultModel, !names.contains(defaultModel) {
            return "the default \(quoted(defaultModel)) is not in the list"
        }
        return nil
    }

    private static func summary(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "not JSON" }
        func place(_ path: [any CodingKey]) -> String {
            path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        return switch error {
        case .keyNotFound(let key, let context): "\(quoted(place(context.codingPath + [key]))) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(quoted(place(context.codingPath))) has another type"
        default: "not JSON"
        }
    }
}

extension ModelManifest.Model {
    fileprivate var problem: String? {
        if name.isEmpty || name.contains("/") { return "a name is neither empty nor has it a slash" }
        if file.isEmpty || file.contains("/") || file == "." || file == ".." {
            return "\(quoted(file)) is not a file in the manifest's folder"
        }
        if bytes < 0 { return "a negative size" }
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
        if sha256.utf8.count != 64 || !sha256.utf8.allSatisfy(isDigit) {
            return "sha256 is not 64 lower-case hexadecimal digits"
        }
        if source.isEmpty || licence.isEmpty { return "source or licence is empty" }
        return nil
    }

    /// Compares a file with the size and checksum stated here.
    ///
    /// - Parameter sha256: Computes the 32 bytes of a SHA-256; the caller brings it, so that this module needs
    ///   no library for it.
    public func verify(
        _ content: WeightBytes, sha256: (UnsafeRawBufferPointer) -> [UInt8]
    ) throws(ModelError) {
        guard content.count == bytes else {
            throw .wrongSize(path: content.name, expected: bytes, found: content.count)
        }
        let found = content.withUnsafeBytes(sha256).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        guard found == self.sha256 else {
            throw .wrongChecksum(path: content.name, expected: self.sha256, found: found)
        }
    }
}
