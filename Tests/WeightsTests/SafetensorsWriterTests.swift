import Foundation
import Testing
import Weights

@Suite("Writing safetensors")
struct SafetensorsWriterTests {
    @Test("The bytes equal those of the reference implementation")
    func bytesOfTheReference() throws {
        let folder = try TemporaryFolder()
        let output = folder.file("out.safetensors")
        try WeightDictionary(path: Fixture.path("ordered-legacy.pth")).writeSafetensors(to: output)
        let written = [UInt8](try Data(contentsOf: URL(fileURLWithPath: output)))
        #expect(written == (try Fixture.bytes("expected-fp32.safetensors")))
        #expect(try folder.contents() == ["out.safetensors"])
    }

    @Test("The order of the tensors makes no difference")
    func deterministic() throws {
        let folder = try TemporaryFolder()
        let source = try WeightDictionary(path: Fixture.path("ordered-zip.pth"))
        let backwards = try #require(
            WeightDictionary(source.keys.reversed().compactMap { key in source[key].map { (key, $0) } }))
        let metadata = ["b": "2 \"\\\n\u{1}", "a": "é😀"]
        let (one, two) = (folder.file("1"), folder.file("2"))
        try source.writeSafetensors(to: one, precision: .float16, metadata: metadata)
        try backwards.writeSafetensors(to: two, precision: .float16, metadata: metadata)
        #expect(FileManager.default.contentsEqual(atPath: one, andPath: two))
        #expect(try WeightDictionary(path: one).metadata == metadata)
    }

    @Test("Half precision takes matrices and leaves vectors and integers")
    func halfPrecision() throws {
        let folder = try TemporaryFolder()
        let output = folder.file("out.safetensors")
        let source = try WeightDictionary(path: Fixture.path("expected.safetensors"))
        try source.writeSafetensors(to: output, precision: .float16)
        let written = try WeightDictionary(path: output)
        #expect(Set(written.keys) == Set(source.keys))
        #expect(written["conv.weight"]?.elementType == .float16)
        #expect(written["conv.bias"]?.elementType == .float32)
        #expect(written["conv.bias"]?.floats() == source["conv.bias"]?.floats())
        #expect(written["norm.running_mean"]?.elementType == .float32)
        #expect(written["norm.num_batches_tracked"]?.integers() == [9_007_199_254_740_993])
        #expect(written["every_other"]?.elementType == .int32)
        // Halves have 11 significant bits, so rounding to nearest is within 2^-11 of the value.
        let pairs = zip(
            try #require(written["conv.weight"]).floats(), try #require(source["conv.weight"]).floats())
        for (half, value) in pairs { #expect(abs(half - value) <= abs(value) * 0x1p-11) }
    }

    #if !(os(macOS) && arch(x86_64))
        @Test("Rounding to half precision is to nearest, ties to even, subnormals included")
        func rounding() throws {
            let folder = try TemporaryFolder()
            var generator = SplitMix64(state: 3)
            var values: [Float] = [
                0, -0.0, 65504, 65519.996, -65519.996, 0x1p-24, 0x1p-25, 0x1.000002p-25, .infinity,
            ]
            // Midpoints between neighbouring halves and their neighbours among the floats.
            for bits in stride(from: UInt16(0), to: 0x7bff, by: 7) {
                let middle = (Float(Float16(bitPattern: bits)) + Float(Float16(bitPattern: bits + 1))) / 2
                values += [middle, -middle, middle.nextUp, middle.nextDown]
            }
            for _ in 0..<20000 {
                let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator))
                if abs(value) < 65520 { values.append(value) }
            }
            let tensor = WeightTensor(shape: [1, values.count], values: values)
            let weights = try #require(WeightDictionary([(key: "a", tensor: tensor)]))
            try weights.writeSafetensors(to: folder.file("out"), precision: .float16)
            let read = try #require(try WeightDictionary(path: folder.file("out"))["a"]).floats()
            for (value, result) in zip(values, read) {
                let expected = Float(Float16(value))
                #expect(
                    result.bitPattern == expected.bitPattern, "\(value) became \(result), not \(expected)")
            }
        }
    #endif

    @Test("A value that halves cannot hold is an error, and nothing is left behind")
    func outOfRange() throws {
        let folder = try TemporaryFolder()
        let output = try folder.write("old", to: "out")
        let weights = try #require(
            WeightDictionary([(key: "big", tensor: WeightTensor(shape: [1, 2], values: [1, 65520]))]))
        #expect(throws: WeightFileError(file: output, reason: .outOfRange(key: "big", type: .float16))) {
            try weights.writeSafetensors(to: output, precision: .float16)
        }
        #expect(try folder.contents() == ["out"])
        #expect(try String(contentsOfFile: output, encoding: .utf8) == "old")
    }

    @Test("A folder that is not there, and a folder in the way, are named")
    func unwritable() throws {
        let folder = try TemporaryFolder()
        let weights = try #require(WeightDictionary([]))
        let nowhere = folder.file("no/such/file")
        #expect(throws: WeightFileError(file: nowhere, reason: .system(operation: "create", code: ENOENT))) {
            try weights.writeSafetensors(to: nowhere)
        }
        try folder.write("", to: "taken/file")
        try #require(mkfifo(folder.file("pipe"), 0o600) == 0)
        for name in ["taken", "pipe"] {
            #expect(throws: WeightFileError(file: folder.file(name), reason: .notARegularFile)) {
                try weights.writeSafetensors(to: folder.file(name))
            }
        }
        #expect(try folder.contents() == ["pipe", "taken"])
    }

    @Test("A symbolic link stays a link; the file that it names is replaced")
    func symbolicLink() throws {
        let folder = try TemporaryFolder()
        let weights = try #require(
            WeightDictionary([(key: "a", tensor: WeightTensor(shape: [], values: [7]))]))
        try folder.write("old", to: "target")
        let link = folder.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.file("target"))
        try weights.writeSafetensors(to: link)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == folder.file("target"))
        #expect(try WeightDictionary(path: folder.file("target"))["a"]?.floats() == [7])
        #expect(try folder.contents() == ["link", "target"])
    }
}
