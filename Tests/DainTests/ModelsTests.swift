import Foundation
import Testing

/// `dain models` on folders made for the test.
struct ModelsTests {
    private static let checkpoints = DainProcess.repository.appendingPathComponent(
        "Tests/Fixtures/checkpoints")
    private static let bundled = DainProcess.repository
        .appendingPathComponent("models/dain-campaign8-fp16.safetensors")

    /// A folder with one listed model, `tiny`, and its manifest.
    private func modelFolder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(
            at: Self.checkpoints.appendingPathComponent("tiny.safetensors"), to: folder["tiny.safetensors"])
        let manifest = """
            {"models":[{"name":"tiny","file":"tiny.safetensors","bytes":72,"sha256":"\(Self.tinyDigest)",
            "source":"a test","licence":"none"}]}
            """
        try Data(manifest.utf8).write(to: folder["manifest.json"])
        return folder
    }

    /// What `sha256sum` prints for tiny.safetensors.
    private static let tinyDigest = "350a7c31c75ff9ccf0f6b107a14ba65d0b084c65d4adf1e3ae339e0c85e949a7"

    private func models(_ arguments: [String], in folder: TemporaryFolder) async throws -> DainProcess.Result
    {
        try await DainProcess.run(["models"] + arguments, environment: ["DAIN_MODELS": folder.path])
    }

    @Test func theListHasListedAndOtherFiles() async throws {
        struct Row: Decodable {
            var name: String
            var path: String
            var bytes: Int?
            var licence: String?
            var isDefault: Bool
        }
        let folder = try modelFolder()
        try Data("x".utf8).write(to: folder["other.safetensors"])
        let result = try await models(["list", "--json"], in: folder)
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stderr.isEmpty)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let rows = try decoder.decode([Row].self, from: Data(result.stdout.utf8))
        #expect(rows.prefix(2).map(\.name) == ["tiny", "other"])
        #expect(rows[0].path == folder["tiny.safetensors"].path)
        #expect(rows[0].bytes == 72)
        #expect(rows[0].licence == "none")
        #expect(rows[1].licence == nil)
        // The checkout's own model follows, and is the only default.
        #expect(rows.filter(\.isDefault).map(\.name) == ["dain-campaign8"])

        let text = try await models([], in: folder)
        #expect(text.exitCode == 0)
        #expect(text.stdout.contains("dain-campaign8 (default)\n"))
        #expect(text.stdout.contains("size     72 bytes\n"))
    }

    @Test func soundModelsVerify() async throws {
        let result = try await models(["verify"], in: modelFolder())
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stdout.hasPrefix("tiny: OK\ndain-campaign8: OK\n"))
    }

    @Test func oneDamagedOrMissingModelFailsTheVerification() async throws {
        let folder = try modelFolder()
        var bytes = try Data(contentsOf: folder["tiny.safetensors"])
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: folder["tiny.safetensors"])
        let damaged = try await models(["verify"], in: folder)
        #expect(damaged.exitCode == 1, "\(damaged)")
        #expect(damaged.stdout.contains("damaged: sha256"))
        #expect(damaged.stdout.contains("\ndain-campaign8: OK\n"))

        try FileManager.default.removeItem(at: folder["tiny.safetensors"])
        let missing = try await models(["verify"], in: folder)
        #expect(missing.exitCode == 1)
        #expect(missing.stdout.contains("No such file"))
    }

    @Test func aModelImportsToThirtyTwoBitsAndIsFoundByItsName() async throws {
        let folder = try TemporaryFolder()
        let result = try await models(["import", Self.bundled.path, "--name", "mine"], in: folder)
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stdout == folder["mine.safetensors"].path + "\n")
        #expect(result.stderrLines.count == 1, "no licence warning for a file that is not torch's")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["mine.safetensors"])
        // 24,045,800 numbers of four bytes, 155 counters of eight, and the header.
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: folder["mine.safetensors"].path)[.size] as? Int)
        #expect((96_184_440..<96_400_000).contains(size))
        #expect(try await models(["list"], in: folder).stdout.hasPrefix("mine\n"))
        let again = try await models(
            ["import", Self.bundled.path, "--name", "mine", "--no-overwrite"], in: folder)
        #expect(again.exitCode == 2 && again.stdout.isEmpty)
        #expect(again.stderr.contains("mine.safetensors: exists already"), "\(again)")
    }

    @Test(arguments: [
        (["tiny-legacy.pth"], "not weights of DAIN: "),
        (["tiny-zip.pth"], "not weights of DAIN: "),
        (["hostile-zip.pth"], "refused: the pickle refers to 'posix.system' at byte "),
        (["missing.pth"], "cannot open: No such file"),
        (["versions.json"], "neither a safetensors file nor a torch checkpoint"),
        (["hostile"], "not a regular file"),
        (["tiny-zip.pth", "--name", "a/b"], "--name is a name without a slash"),
        (["tiny-zip.pth", "--name", "a", "-o", "b"], "not both"),
        ([], "checkpoint"),
    ])
    func aRefusedImportIsOneLineAndTwoAndWritesNothing(arguments: [String], message: String) async throws {
        let folder = try TemporaryFolder()
        let output = folder["out.safetensors"].path
        let result = try await DainProcess.run(
            ["models", "import"] + arguments + (arguments.count == 1 ? ["-o", output] : []),
            environment: ["DAIN_MODELS": folder.path], currentDirectory: Self.checkpoints)
        #expect(result.exitCode == 2, "\(result)")
        #expect(result.stdout.isEmpty)
        #expect(result.stderrLines.count == 1, "\(result)")
        #expect(result.stderr.localizedCaseInsensitiveContains(message), "\(result)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test func theInputIsNotTheOutputEvenThroughALink() async throws {
        let folder = try TemporaryFolder()
        let link = folder["link.safetensors"]
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: Self.bundled)
        let result = try await models(["import", Self.bundled.path, "-o", link.path], in: folder)
        #expect(result.exitCode == 2, "\(result)")
        #expect(result.stderr.contains("the output is the input"))
    }
}
