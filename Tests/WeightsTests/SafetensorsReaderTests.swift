import Foundation
import Testing
import Weights

@Suite("Reading safetensors")
struct SafetensorsReaderTests {
    @Test("Every element type decodes to the numbers that were stored")
    func elementTypes() throws {
        let weights = try WeightDictionary(path: Fixture.path("expected.safetensors"))
        #expect(weights.count == 15)
        #expect(weights.metadata == ["made by": "PyTorch"])
        #expect(weights["conv.weight"]?.shape == [2, 3, 3, 3])
        #expect(weights["conv.weight"]?.elementType == .float32)
        #expect(weights["norm.running_mean"]?.elementType == .float64)
        #expect(weights["half"]?.elementType == .float16)
        #expect(weights["brain"]?.elementType == .bfloat16)
        #expect(weights["shared.low"]?.floats() == [2, 3, 4])
        #expect(weights["shared.high"]?.floats() == [4, 5, 6, 7, 8, 9])
        #expect(weights["bytes"]?.floats() == [0, 1, 255])
        #expect(weights["flags"]?.floats() == [1, 0])
        #expect(weights["flags"]?.elementType == .bool)
        #expect(weights["small"]?.integers() == [-128, 127])
        #expect(weights["short"]?.integers() == [-32768, 32767])
        #expect(weights["every_other"]?.integers() == [0, 2, 4, 6, 8, 10])
        #expect(weights["empty"]?.shape == [0, 3])
        #expect(weights["empty"]?.floats() == [])
        #expect(weights["conv.weight"]?.integers() == nil)
        #expect(weights["nothing"] == nil)
    }

    @Test("A scalar of 64 bits keeps all of them")
    func scalar() throws {
        let weights = try WeightDictionary(path: Fixture.path("expected.safetensors"))
        let counter = try #require(weights["norm.num_batches_tracked"])
        #expect(counter.shape == [])
        #expect(counter.count == 1)
        // 2^53 + 1: a detour over a double would lose the last bit.
        #expect(counter.integers() == [9_007_199_254_740_993])
    }

    #if !(os(macOS) && arch(x86_64))
        @Test("All 65536 halves decode exactly")
        func halves() throws {
            let data = (0...UInt16.max).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
            let header = #"{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}}"#
            // The odd header length leaves the data unaligned.
            let weights = try read(safetensors(header, data: data))
            let values = try #require(weights["h"]).floats()
            for bits in 0...UInt16.max {
                let expected = Float(Float16(bitPattern: bits))
                let value = values[Int(bits)]
                #expect(
                    value.bitPattern == expected.bitPattern || (value.isNaN && expected.isNaN),
                    "half 0x\(String(bits, radix: 16)) became \(value)")
            }
        }
    #endif

    @Test("Tensors keep the order of the header, and space and escapes in it are read")
    func orderAndEscapes() throws {
        let header = """
            { "b\\u00e9\\ud83d\\ude00\\"" : {"shape":[1], "dtype":"U8","data_offsets":[1,2]},
            "a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"__metadata__":{"k":"v\\n"}}  \n
            """
        let weights = try read(safetensors(header, data: [7, 9]))
        #expect(weights.keys == ["bé😀\"", "a"])
        #expect(weights["a"]?.floats() == [7])
        #expect(weights["bé😀\""]?.floats() == [9])
        #expect(weights.metadata == ["k": "v\n"])
    }

    @Test("A file without tensors is read as empty")
    func noTensors() throws {
        #expect(try read(safetensors("{}")).keys == [])
    }

    @Test(
        "Damage is named",
        arguments: [
            (
                #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
                "of shape [2] and type F32 has 4 bytes"
            ),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, "ends before it begins"),
            (
                #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
                "8 bytes of data announced, 4 found"
            ),
            (#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#, "3 bytes of data announced, 4 found"),
            (#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}"#, "begins at 1, not at 0"),
            (
                #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
                "'b' begins at 2, not at 3"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}}"#,
                "occurs twice"
            ),
            (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, "has 4 bytes"),
            (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, "too large"),
            (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, "whole number expected"),
            (#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, "']' expected"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, "two data_offsets"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, "more than 2 numbers"),
            (#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, "lacks its dtype, shape"),
            (#"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "unexpected 'dtype'"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, "unexpected 'x'"),
            (#"{"a":[[[[[[[[[[[["#, "'{' expected"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#, "'}' expected"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}},"#, "text after the header's end"),
            (#"{"__metadata__":{"a":1}}"#, "'\"' expected"),
            (#"{"__metadata__":{},"__metadata__":{}}"#, "__metadata__ occurs twice"),
            (#"{"__metadata__":{"a":"1","a":"1"}}"#, "metadata 'a' occurs twice"),
            (#"{"\ud83d"#, "bytes expected"),
            (#"{"\ud83dxx""#, "half a surrogate pair"),
            (#"{"\x""#, "unknown escape"),
        ])
    func damage(header: String, expected: String) {
        let reason = failure(safetensors(header, data: [0, 0, 0, 0]))
        guard case .damaged(.safetensors, let detail) = reason else {
            Issue.record("\(String(describing: reason))")
            return
        }
        #expect(detail.contains(expected), "\(detail)")
        #expect(!detail.contains("\n"))
    }

    @Test("Header lengths that no file has are refused", arguments: [8, 100_000_001, UInt64(Int.max), .max])
    func headerLength(length: UInt64) {
        guard case .damaged(.safetensors, _) = failure(safetensors("{}", statedLength: length)) else {
            Issue.record("a header length of \(length) was accepted")
            return
        }
    }

    @Test("Text that is not UTF-8 is refused")
    func badText() {
        var file = safetensors(#"{"x":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}"#, data: [0])
        file[10] = 0xff
        guard case .damaged(.safetensors, let detail) = failure(file) else {
            Issue.record("accepted")
            return
        }
        #expect(detail.contains("not UTF-8"))
    }

    @Test("Element types that weights do not have are named")
    func unknownType() {
        let header = #"{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#
        #expect(
            failure(safetensors(header, data: [0]))
                == .unsupported(.safetensors, feature: "tensor 'a' has elements of type 'F8_E4M3'"))
    }

    @Test("Names from a file cannot break a message's line")
    func hostileNames() throws {
        let name = "a\\n\\u001b[31m\\u202e" + String(repeating: "x", count: 500)
        let reason = failure(safetensors(#"{"\#(name)":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}"#))
        let text = try #require(reason).description
        #expect(!text.unicodeScalars.contains { $0.value < 32 || $0.value == 0x202e })
        #expect(text.count < 300)
    }

    @Test("What is not a regular file, or not there, is named")
    func files() throws {
        let folder = try TemporaryFolder()
        #expect(throws: WeightFileError(file: folder.path, reason: .notARegularFile)) {
            try WeightDictionary(path: folder.path)
        }
        let missing = folder.file("missing")
        #expect(throws: WeightFileError(file: missing, reason: .system(operation: "open", code: ENOENT))) {
            try WeightDictionary(path: missing)
        }
        let empty = try folder.write("", to: "empty")
        #expect(throws: WeightFileError(file: empty, reason: .unrecognizedFormat)) {
            try WeightDictionary(path: empty)
        }
        #expect(failure([UInt8]("GIF89a, not weights".utf8)) == .unrecognizedFormat)
    }
}
