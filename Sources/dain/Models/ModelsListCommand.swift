import ArgumentParser
import Foundation
import Weights

/// `dain models list`: every model that `--model NAME` finds.
struct ModelsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the models that --model finds by name.")

    @Flag(name: .long, help: "Print the list as JSON.")
    var json = false

    func run() throws {
        let store = ModelStore.ofThisProcess
        let rows = try store.models().map(ModelRow.init)
        if json {
            try StandardOutput.print(try ModelRow.json(rows))
        } else if rows.isEmpty {
            throw ModelError.notFound(name: nil, searched: store.folders)
        } else {
            try StandardOutput.print(rows.map(\.text).joined(separator: "\n"))
        }
    }
}

/// What the list says about one model.
struct ModelRow: Encodable {
    let name: String
    let isDefault: Bool
    let path: String
    /// The size of the file; nil where it is not there.
    let bytes: Int?
    /// The rest is nil for a model that no manifest lists.
    let licence: String?
    let source: String?
    let description: String?
    let sha256: String?

    init(_ location: ModelLocation) throws {
        name = location.name
        isDefault = location.isDefault
        path = location.path
        if FileManager.default.fileExists(atPath: location.path) {
            bytes = try FileManager.default.attributesOfItem(atPath: location.path)[.size] as? Int
        } else {
            bytes = nil
        }
        licence = location.model?.licence
        source = location.model?.source
        description = location.model?.description
        sha256 = location.model?.sha256
    }

    var text: String {
        var lines = [isDefault ? "\(name) (default)" : name]
        if let description { lines.append("    \(description)") }
        lines.append("    file     \(path)")
        lines.append("    size     \(bytes.map { "\($0) bytes" } ?? "the file is missing")")
        lines.append("    licence  \(licence ?? "not known: no manifest lists this file")")
        if let source { lines.append("    source   \(source)") }
        return lines.joined(separator: "\n")
    }

    static func json(_ rows: [ModelRow]) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(rows), as: UTF8.self)
    }
}
