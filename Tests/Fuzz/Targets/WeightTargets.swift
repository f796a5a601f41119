import Foundation
import Weights

/// Reads all that a file of weights holds, and writes it as the import does.
private func exhaust(_ bytes: [UInt8], _ scratch: Scratch) throws {
    let weights = try WeightDictionary(WeightBytes(bytes, name: "input"))
    for key in weights.keys {
        _ = weights[key]?.floats()
        _ = weights[key]?.integers()
    }
    do throws(ParameterMismatch) {
        try weights.check(against: [ParameterSpecification(key: "a", shape: [2])])
    } catch {
        precondition(!error.description.contains(where: \.isNewline), "a message on one line")
    }
    try weights.writeSafetensors(to: scratch.path("output.safetensors"), metadata: weights.metadata)
}

/// Safetensors.
struct SafetensorsTarget: FuzzTarget {
    var name: String { "safetensors" }
    var summary: String { "weights in safetensors" }
    var share: Int { 4 }

    func corpus() throws -> [[UInt8]] {
        try ["tiny", "expected", "expected-fp32"].map { try Fixtures.bytes("checkpoints/\($0).safetensors") }
            + Fixtures.earlier(name)
    }

    var mutator: Mutator {
        Mutator(
            tokens: [
                "{", "}", "[", "]", ":", ",", "\"", "\\u0000", "\\ud800", "\\", "null", "true", "-", "e9",
                "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "\"F32\"", "\"F64\"",
                "\"BOOL\"",
                "\"F8_E4M3\"", "[[[[[[[[[[[[[[[[", "{\"a\":", "[0,0]", "[4294967296,4294967296]", "[]",
                "9223372036854775807",
            ],
            focus: .ends(400), greatestLength: 20_000)
    }

    /// States the length that the header has now, as far as its end can be told.
    func mend(_ bytes: inout [UInt8]) {
        guard bytes.count > 8, let end = bytes.lastIndex(of: UInt8(ascii: "}")), end >= 8 else { return }
        var length = UInt64(end - 7)
        for index in 0..<8 {
            bytes[index] = UInt8(truncatingIfNeeded: length)
            length >>= 8
        }
    }

    func read(_ bytes: [UInt8], _ scratch: Scratch) throws { try exhaust(bytes, scratch) }
}

/// Checkpoints of PyTorch, and the pickles in them.
struct CheckpointTarget: FuzzTarget {
    enum Kind: String { case zip, legacy }

    let kind: Kind

    var name: String { kind == .zip ? "checkpoints" : "pickles" }
    var summary: String {
        kind == .zip
            ? "PyTorch's checkpoints in zip archives" : "PyTorch's older checkpoints, which are bare pickles"
    }
    var share: Int { 4 }

    func corpus() throws -> [[UInt8]] {
        let names = ["ordered", "plain", "module", "wrapped", "prefixed", "expanded", "tiny", "hostile"]
            .map { "\($0)-\(kind.rawValue)" }
        let more = kind == .zip ? ["protocol4-zip", "stream-zip", "tiny-zip64"] : []
        return try (names + more).map { try Fixtures.bytes("checkpoints/\($0).pth") } + Fixtures.earlier(name)
    }

    var mutator: Mutator {
        Mutator(
            tokens: [
                "PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}", "PK\u{6}\u{6}", "PK\u{6}\u{7}", "data.pkl",
                "archive/",
                "byteorder", "ctorch\nFloatStorage\n", "ctorch._utils\n_rebuild_tensor_v2\n",
                "ccollections\nOrderedDict\n", "cos\nsystem\n", "X\u{7}\0\0\0storage", "cpu",
            ],
            // Opcodes: marks, containers, integers, memo, calls, the end.
            bytes: "(.0123Nt)]}lduaesbRQqrhjJKMILGX\\".utf8.map { [$0] }
                + [
                    [0x80, 2], [0x80, 4], [0x8a, 8], [0x8a, 255], [0x8b, 255, 255, 255, 127], [0x85], [0x86],
                    [0x87],
                    [0x88], [0x89], [0x8c, 4], [0x8d], [0x93], [0x94], [0x95], [0x71, 0], [0x68, 0],
                ],
            greatestLength: 20_000)
    }

    /// Makes checksums right again: without that nothing behind them is read.
    func mend(_ bytes: inout [UInt8]) { if kind == .zip { ZipChecksums.mend(&bytes) } }

    func read(_ bytes: [UInt8], _ scratch: Scratch) throws { try exhaust(bytes, scratch) }
}
