import Testing
import Weights

/// Whatever happens to a file, reading it ends with tensors or with an error.
@Suite("Damaged files")
struct DamageTests {
    static let files = [
        "tiny-legacy.pth", "tiny-zip.pth", "tiny-zip64.pth", "tiny.safetensors", "expected.safetensors",
        "ordered-legacy.pth", "ordered-zip.pth", "module-legacy.pth", "protocol4-zip.pth",
        "wrapped-legacy.pth",
    ]

    /// Reads everything there is to read.
    private func exhaust(_ bytes: [UInt8]) -> Bool {
        guard let weights = try? read(bytes) else { return false }
        for key in weights.keys {
            _ = weights[key]?.floats()
            _ = weights[key]?.integers()
        }
        return true
    }

    @Test("Every file is sound as it is", arguments: files)
    func sound(name: String) throws {
        #expect(exhaust(try Fixture.bytes(name)))
    }

    @Test("A file cut short anywhere is refused", arguments: files)
    func prefixes(name: String) throws {
        let bytes = try Fixture.bytes(name)
        for length in bytes.indices where exhaust(Array(bytes[..<length])) {
            Issue.record("\(name) was accepted when cut to \(length) of \(bytes.count) bytes")
        }
    }

    @Test("A file with any single byte set to a limit never traps", arguments: files)
    func singleBytes(name: String) throws {
        var bytes = try Fixture.bytes(name)
        for index in bytes.indices {
            let original = bytes[index]
            for value in [0x00, 0x7f, 0x80, 0xff, original &+ 1, original &- 1] {
                bytes[index] = value
                _ = exhaust(bytes)
            }
            bytes[index] = original
        }
    }

    @Test("A file with random damage never traps", arguments: files)
    func randomDamage(name: String) throws {
        let sound = try Fixture.bytes(name)
        var generator = SplitMix64(state: 11)
        for _ in 0..<4000 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            _ = exhaust(bytes)
        }
    }
}
