import Foundation
import Testing

/// Weights that are damaged or of another network end a run before it begins.
struct WeightRefusalTests {
    private static let models = DainProcess.repository.appendingPathComponent("models")
    private static let bundled = "dain-campaign8-fp16.safetensors"

    private func refused(
        _ arguments: [String], models: TemporaryFolder? = nil, saying expected: [String]
    ) async throws {
        let folder = try TemporaryFolder()
        let result = try await DainProcess.run(
            ["interpolate", Clips["av.mp4"].path, "-o", folder["out.mp4"].path] + arguments,
            environment: ["DAIN_MODELS": models?.path])
        #expect(result.exitCode == 2, "\(result)")
        #expect(result.stderrLines.count == 1 && result.stderr.hasPrefix("dain: error: "), "\(result)")
        for text in expected { #expect(result.stderr.contains(text), "\(result)") }
        #expect(try folder.names().isEmpty)
    }

    /// The bundled model in a folder of its own, with its bytes changed by `damage`.
    private func damaged(_ damage: (inout Data) -> Void) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        var bytes = try Data(contentsOf: Self.models.appendingPathComponent(Self.bundled))
        damage(&bytes)
        try bytes.write(to: folder[Self.bundled])
        try FileManager.default.copyItem(
            at: Self.models.appendingPathComponent("manifest.json"), to: folder["manifest.json"])
        return folder
    }

    @Test func aFlippedBit() async throws {
        let folder = try damaged { $0[$0.count / 2] ^= 1 }
        try await refused([], models: folder, saying: [folder[Self.bundled].path, "damaged: sha256"])
    }

    @Test func aTruncatedFile() async throws {
        let folder = try damaged { $0.removeLast(1000) }
        try await refused([], models: folder, saying: [folder[Self.bundled].path, "bytes"])
        // By its path it is in no manifest, and its own header tells.
        try await refused(["--model", folder[Self.bundled].path], saying: [folder[Self.bundled].path])
    }

    @Test func anotherNetwork() async throws {
        let tiny = DainProcess.repository.appendingPathComponent(
            "Tests/Fixtures/checkpoints/tiny.safetensors")
        try await refused(["--model", tiny.path], saying: [tiny.path, "not weights of DAIN"])
    }

    @Test(arguments: ["README.md", "missing.safetensors", "no-such-model"])
    func noWeightsAtAll(name: String) async throws {
        let path = name == "README.md" ? Self.models.appendingPathComponent(name).path : name
        try await refused(["--model", path], saying: [name == "README.md" ? path : name])
    }
}
