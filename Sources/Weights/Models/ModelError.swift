import Foundation

/// Why a model could not be found or trusted. Its description is one line.
public enum ModelError: Error, Equatable, Sendable {
    /// `name` is nil where the default model was asked for. `searched` are folders, in order.
    case notFound(name: String?, searched: [String])
    case unreadableManifest(WeightFileError)
    case unreadableFolder(path: String)
    case invalidManifest(path: String, detail: String)
    /// The file has not the size that the manifest states.
    case wrongSize(path: String, expected: Int, found: Int)
    /// The file has the right size but other content than the manifest states.
    case wrongChecksum(path: String, expected: String, found: String)
}

extension ModelError: CustomStringConvertible, LocalizedError {
    public var description: String {
        switch self {
        case .notFound(let name, let searched):
            "\(name.map(Self.absence) ?? "no default model"), looked in "
                + (searched.isEmpty ? "no folder" : searched.joined(separator: ", "))
        case .unreadableManifest(let error): error.description
        case .unreadableFolder(let path): "\(path): cannot list the folder"
        case .invalidManifest(let path, let detail): "\(path): invalid manifest: \(detail)"
        case .wrongSize(let path, let expected, let found):
            "\(path): damaged: \(found) bytes, the manifest states \(expected)"
        case .wrongChecksum(let path, let expected, let found):
            "\(path): damaged: sha256 \(found), the manifest states \(expected)"
        }
    }

    /// A file's name without a slash might be meant as a path.
    private static func absence(of name: String) -> String {
        name.hasSuffix(ModelLocation.fileExtension)
            ? "no file \(quoted(name)) in the current folder, nor a model of that name"
            : "no model \(quoted(name))"
    }

    public var errorDescription: String? { description }
}
