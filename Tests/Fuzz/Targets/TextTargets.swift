import Foundation
import Media
import Timing
import Weights

/// The list of models in a folder.
struct ManifestTarget: FuzzTarget {
    var name: String { "manifests" }
    var summary: String { "lists of models" }
    var share: Int { 3 }

    func corpus() throws -> [[UInt8]] {
        let digits = String(repeating: "0123456789abcdef", count: 4)
        let model = """
            {"name": "tiny", "file": "tiny.safetensors", "bytes": 72, "sha256": "\(digits)", "source": "here", \
            "licence": "MIT", "description": "a \\u00e4"}
            """
        return [
            "{\"default\": \"tiny\", \"models\": [\(model)]}", "{\"models\": []}",
            "{\"models\": [\(model), \(model.replacing("tiny", with: "other"))], \"default\": null}",
        ].map { Array($0.utf8) } + (try Fixtures.earlier(name))
    }

    var mutator: Mutator {
        Mutator(
            tokens: [
                "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u0000", "\\ud83d", "null", "true", "1e400", "-1",
                "\"default\"", "\"models\"", "\"name\"", "\"file\"", "\"bytes\"", "\"sha256\"", "..", "/",
                "\"\"",
                "\n", "[[[[[[[[", "\u{feff}", "\"tiny\"",
            ],
            bytes: [[0xff, 0xfe], [0], [0xc3], [0xf0, 0x9f]], greatestLength: 4000)
    }

    func read(_ bytes: [UInt8], _ scratch: Scratch) throws {
        _ = try scratch.write(bytes, ModelManifest.fileName)
        let content = try Fixtures.bytes("checkpoints/tiny.safetensors")
        _ = try scratch.write(content, "tiny.safetensors")
        let store = ModelStore(
            environment: [ModelStore.environmentVariable: scratch.folder], executable: scratch.path("dain"))
        for model in try store.models() {
            _ = try store.locate(model.name)
            _ = Result { try store.locate(nil) }
            // The digest that the sound manifest states.
            try model.model?.verify(WeightBytes(content, name: model.path)) { _ in
                (0..<32).map { [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef][$0 % 8] }
            }
        }
    }
}

/// Numbers as people write them, and names of images. Each line of an input is one.
struct TextTarget: FuzzTarget {
    var name: String { "texts" }
    var summary: String { "rates, times, and numbers in the names of images" }
    var share: Int { 2 }

    func corpus() throws -> [[UInt8]] {
        [
            "60000/1001\n23.976\n59.94\n12.5\n999999999.999999999\n1/999999999",
            "90.5\n1:30.5\n0:01:30.500\n999999999:59:59",
            "shot.0001\nshot.0002\nshot.0009",
        ].map { Array($0.utf8) } + (try Fixtures.earlier(name))
    }

    var mutator: Mutator {
        Mutator(
            tokens: [
                "\n", "/", ":", ".", "-", "+", "e", "x", " ", "9223372036854775807", "\u{0661}", "\u{ff11}",
                "0x10",
                "999999999", "%d", "inf", "nan",
            ],
            bytes: [[0xc3], [0]], greatestLength: 300)
    }

    func read(_ bytes: [UInt8], _ scratch: Scratch) throws {
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
        var (sum, found) = (Rational.zero, false)
        for line in lines {
            for number in [Rational(frameRate: line), Rational(ratio: line), Rational(clockTime: line)] {
                guard let number else { continue }
                found = true
                precondition(number >= .zero, "no negative numbers")
                sum = (sum + number) * Rational(1001, 999_983)
                _ = (sum.rounded, sum.floor, number > .zero ? (sum / number).rounded : 0)
            }
        }
        var names: Set<String> = []
        for line in lines where !line.isEmpty && line.utf8.count < 100 {
            let name = line.replacing("/", with: "_").replacing("\0", with: "_") + ".png"
            if names.insert(name).inserted { _ = try scratch.write([], name) }
        }
        do {
            _ = try VideoReader(path: scratch.folder)
        } catch is MediaError {
            // The images are empty: all that is read are their names.
        }
        if !found { throw NoNumber() }
    }

    private struct NoNumber: Error {}
}
