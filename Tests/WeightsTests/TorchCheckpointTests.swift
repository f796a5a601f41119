import Foundation
import Testing
import Weights

@Suite("Reading torch checkpoints")
struct TorchCheckpointTests {
    @Test(
        "Every form of the same dictionary gives the tensors that PyTorch exported",
        arguments: [
            "ordered-legacy", "ordered-zip", "plain-legacy", "plain-zip", "prefixed-legacy", "prefixed-zip",
            "wrapped-legacy", "wrapped-zip", "protocol4-zip", "stream-zip",
        ])
    func equality(name: String) throws {
        let weights = try WeightDictionary(path: Fixture.path("\(name).pth"))
        let expected = try WeightDictionary(path: Fixture.path("expected.safetensors"))
        #expect(Set(weights.keys) == Set(expected.keys))
        #expect(weights.keys.first == "conv.weight")
        for key in expected.keys {
            let (tensor, reference) = (try #require(weights[key]), try #require(expected[key]))
            #expect(tensor.shape == reference.shape, "\(key)")
            #expect(tensor.elementType == reference.elementType, "\(key)")
            // Bit for bit: reading rounds nothing.
            #expect(tensor.floats().map(\.bitPattern) == reference.floats().map(\.bitPattern), "\(key)")
            #expect(tensor.integers() == reference.integers(), "\(key)")
        }
    }

    @Test("A module's own dictionary, which carries an attribute, is read", arguments: ["legacy", "zip"])
    func moduleDictionary(kind: String) throws {
        let weights = try WeightDictionary(path: Fixture.path("module-\(kind).pth"))
        #expect(
            weights.keys == [
                "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var",
                "1.num_batches_tracked",
            ])
        #expect(weights["0.weight"]?.shape == [2, 1, 1, 1])
        #expect(weights["0.weight"]?.floats() == [0.5, 0.5])
        #expect(weights["1.bias"]?.floats() == [3.5, 3.5])
        #expect(weights["1.num_batches_tracked"]?.integers() == [0])
    }

    @Test("Sizes and offsets in zip64 fields are read")
    func zip64() throws {
        #expect(try WeightDictionary(path: Fixture.path("tiny-zip64.pth"))["a"]?.floats() == [1.5, -2])
    }

    @Test("A tensor larger than its storage is refused", arguments: ["legacy", "zip"])
    func expanded(kind: String) throws {
        guard case .damaged(_, let detail) = failure(try Fixture.bytes("expanded-\(kind).pth")) else {
            Issue.record("accepted")
            return
        }
        #expect(detail.contains("of shape [1000] reaches beyond its storage"))
    }

    @Test("Damage to a zip entry's data is found by its checksum")
    func checksum() throws {
        var bytes = try Fixture.bytes("tiny-zip.pth")
        let data = try #require(bytes.firstRange(of: [0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0x00, 0xc0]))
        bytes[data.lowerBound] ^= 1
        #expect(
            failure(bytes)
                == .damaged(.torchZip, detail: "the checksum of 'tiny-zip/data/0' does not match its data"))
    }

    @Test("Another byte order is refused by name")
    func byteOrder() throws {
        // A legacy file states its byte order in a pickle: NEWTRUE becomes NEWFALSE.
        var bytes = try Fixture.bytes("tiny-legacy.pth")
        let key = try #require(bytes.firstRange(of: [UInt8]("little_endian".utf8)))
        let answer = try #require(bytes[key.upperBound...].firstIndex(of: 0x88))
        bytes[answer] = 0x89
        #expect(
            failure(bytes) == .unsupported(.torchLegacy, feature: "a byte order other than little-endian"))
    }

    @Test("Bytes after a legacy file's end are damage")
    func trailingBytes() throws {
        #expect(
            failure(try Fixture.bytes("tiny-legacy.pth") + [0])
                == .damaged(.torchLegacy, detail: "1 bytes after the last storage"))
    }
}
