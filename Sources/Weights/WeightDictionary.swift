/// The named tensors of a network, in the order of their file.
public struct WeightDictionary: Sendable {
    /// Every key once.
    public let keys: [String]
    /// What the file says about itself; empty for a torch checkpoint.
    public let metadata: [String: String]
    private let tensors: [String: WeightTensor]

    /// Nil where a key occurs twice.
    public init?(_ entries: [(key: String, tensor: WeightTensor)], metadata: [String: String] = [:]) {
        tensors = Dictionary(entries.map { ($0.key, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        guard tensors.count == entries.count else { return nil }
        keys = entries.map(\.key)
        self.metadata = metadata
    }

    /// Reads a file of any format of `WeightFileFormat`, which its first bytes tell. Only the directory of
    /// tensors is read here; each tensor is decoded when it is asked for.
    public init(_ bytes: WeightBytes) throws(WeightFileError) {
        switch WeightFileFormat(firstBytesOf: bytes) {
        case .safetensors: self = try Safetensors.read(bytes)
        case .torchZip: self = try TorchCheckpoint.readZip(bytes)
        case .torchLegacy: self = try TorchCheckpoint.readLegacy(bytes)
        case nil: throw WeightFileError(file: bytes.name, reason: .unrecognizedFormat)
        }
    }

    /// Maps the file at `path` and reads it as `init(_:)` does.
    public init(path: String) throws(WeightFileError) {
        try self.init(WeightBytes(mapping: path))
    }

    public subscript(key: String) -> WeightTensor? { tensors[key] }

    public var count: Int { keys.count }
}
