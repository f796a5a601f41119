import Foundation
import Testing
import Weights

/// Texts of manifests.
private enum Text {
    static let digest = String(repeating: "0f", count: 32)

    static func entry(_ name: String, file: String? = nil, bytes: Int = 4) -> String {
        """
        {"name":"\(name)","file":"\(file ?? name + ".safetensors")","bytes":\(bytes),"sha256":"\(digest)",\
        "source":"here","licence":"MIT"}
        """
    }

    static func manifest(_ entries: [String], default: String? = nil) -> String {
        let head = `default`.map { "\"default\":\"\($0)\"," } ?? ""
        return "{\(head)\"models\":[\(entries.joined(separator: ","))]}"
    }
}

@Suite("Finding and trusting models")
struct ModelStoreTests {
    private static let invalidManifests: [(String, String)] = [
        ("", "not JSON"), ("[]", "another type"), ("{}", "'models' is missing"),
        (#"{"models":[{"name":"a"}]}"#, "'models.[0].file' is missing"),
        (
            Text.manifest([Text.entry("a").replacing("\"bytes\":4", with: "\"bytes\":\"4\"")]),
            "'models.[0].bytes'"
        ),
        (Text.manifest([Text.entry("a"), Text.entry("a")]), "two models named 'a'"),
        (Text.manifest([Text.entry("")]), "a name"), (Text.manifest([Text.entry("a/b")]), "a name"),
        (Text.manifest([Text.entry("a", file: "../x")]), "'../x' is not a file in"),
        (Text.manifest([Text.entry("a", file: "..")]), "'..' is not a file in"),
        (Text.manifest([Text.entry("a", bytes: -1)]), "negative size"),
        (Text.manifest([Text.entry("a").replacing("0f", with: "0F")]), "sha256"),
        (Text.manifest([Text.entry("a").replacing("MIT", with: "")]), "licence is empty"),
        (Text.manifest([Text.entry("a")], default: "b"), "the default 'b' is not in the list"),
        (String(repeating: "[", count: 100_000), "not JSON"),
    ]

    @Test("A manifest says everything about its models")
    func manifest() throws {
        let json = """
            {"default":"b","models":[\(Text.entry("a")),{"name":"b","file":"f","bytes":7,"sha256":"\(Text.digest)",
            "source":"s","licence":"l","description":"d","later":[1]}]}
            """
        let manifest = try ModelManifest(json: Data(json.utf8), path: "m")
        #expect(manifest.defaultModel == "b")
        #expect(manifest.models.map(\.name) == ["a", "b"])
        #expect(manifest.models[0].description == nil)
        #expect(manifest.models[1].bytes == 7)
        #expect(manifest.models[1].description == "d")
    }

    @Test(
        "What is wrong with a manifest is named",
        arguments: invalidManifests)
    func invalidManifest(json: String, expected: String) throws {
        let error = try #require(throws: ModelError.self) {
            try ModelManifest(json: Data(json.utf8), path: "m")
        }
        guard case .invalidManifest("m", let detail) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(detail.contains(expected), "\(detail)")
    }

    @Test("Size and checksum are compared")
    func verification() throws {
        let model = try #require(
            try ModelManifest(json: Data(Text.manifest([Text.entry("a")]).utf8), path: "m").models.first)
        let right = [UInt8](repeating: 0x0f, count: 32)
        let wrong = [UInt8](repeating: 0x10, count: 32)
        let content = WeightBytes([1, 2, 3, 4], name: "f")
        try model.verify(content) { bytes in
            #expect(bytes.elementsEqual([1, 2, 3, 4]))
            return right
        }
        #expect(
            throws: ModelError.wrongChecksum(
                path: "f", expected: Text.digest, found: String(repeating: "10", count: 32))
        ) { try model.verify(content) { _ in wrong } }
        #expect(throws: ModelError.wrongSize(path: "f", expected: 4, found: 3)) {
            try model.verify(WeightBytes([1, 2, 3], name: "f")) { _ in right }
        }
    }

    @Test("Folders are searched in their order, each by its manifest and then by file name")
    func order() throws {
        let folder = try TemporaryFolder()
        try folder.write(Text.manifest([Text.entry("a")]), to: "env/manifest.json")
        try folder.write("", to: "env/plain.safetensors")
        try folder.write(
            Text.manifest([Text.entry("a"), Text.entry("b")], default: "b"), to: "bin/manifest.json")
        try folder.write(
            Text.manifest([Text.entry("b"), Text.entry("c")], default: "c"),
            to: "share/dain/models/manifest.json")
        try folder.write("", to: "bin/dain")
        let store = ModelStore(
            environment: ["DAIN_MODELS": folder.file("env")], executable: folder.file("bin/dain"))
        #expect(
            store.folders == ["env", "bin", "bin/models", "share/dain/models"].map { folder.file($0) })
        #expect(try store.locate("a").path == folder.file("env/a.safetensors"))
        #expect(try store.locate("b").path == folder.file("bin/b.safetensors"))
        #expect(try store.locate("c").path == folder.file("share/dain/models/c.safetensors"))
        #expect(try store.locate("plain").path == folder.file("env/plain.safetensors"))
        #expect(try store.locate("plain").model == nil)
        #expect(try store.locate(nil).path == folder.file("bin/b.safetensors"))
        #expect(try store.locate(nil).isDefault)
        #expect(try store.models().map(\.name) == ["a", "plain", "b", "c"])
        #expect(try store.models().map(\.isDefault) == [false, false, true, false])
        #expect(throws: ModelError.notFound(name: "d", searched: store.folders)) { try store.locate("d") }
    }

    @Test("A path is taken as it is, and known to the manifest beside it")
    func paths() throws {
        let folder = try TemporaryFolder()
        try folder.write(Text.manifest([Text.entry("a")]), to: "manifest.json")
        let listed = try folder.write("", to: "a.safetensors")
        let other = try folder.write("", to: "other.pth")
        let store = ModelStore(environment: [:], executable: "/nowhere/dain")
        #expect(try store.locate(listed).model?.name == "a")
        #expect(try store.locate(other) == store.locate(other))
        #expect(try store.locate(other).path == other)
        #expect(try store.locate(other).model == nil)
        #expect(try store.locate("./missing").path == "./missing")
    }

    @Test("The checkout is found from the build folder, also through a symbolic link")
    func checkout() throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "repo/Package.swift")
        try folder.write(Text.manifest([Text.entry("a")], default: "a"), to: "repo/models/manifest.json")
        let program = try folder.write("", to: "repo/.build/release/dain")
        let link = folder.file("link")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: program)
        let store = ModelStore(environment: [:], executable: link)
        #expect(
            store.folders == [
                folder.file("repo/.build/release"), folder.file("repo/.build/release/models"),
                folder.file("repo/.build/share/dain/models"),
                folder.file("repo/models"),
            ])
        #expect(try store.locate(nil).path == folder.file("repo/models/a.safetensors"))
    }

    @Test("A broken manifest is an error, not a folder without models")
    func brokenManifest() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("{", to: "manifest.json")
        let store = ModelStore(environment: ["DAIN_MODELS": folder.path], executable: "/nowhere/dain")
        #expect(throws: ModelError.invalidManifest(path: path, detail: "not JSON")) { try store.locate("a") }
    }

    @Test("Nothing found says where it was looked for")
    func nothingFound() throws {
        let store = ModelStore(environment: ["DAIN_MODELS": "/no/such"], executable: "/nowhere/dain")
        let error = try #require(throws: ModelError.self) { try store.locate(nil) }
        #expect(
            error.description
                == "no default model, looked in /no/such, /nowhere, /nowhere/models, /share/dain/models")
    }
}
