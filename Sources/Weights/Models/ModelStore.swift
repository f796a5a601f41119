import Foundation

/// Finds models by name or path.
///
/// Folders are searched in this order: `$DAIN_MODELS`, the folder of the executable and `models` in it, `../share/dain/models`
/// relative to that, and `models` of the source checkout that the executable was built in, wherever it lies now. A folder's
/// manifest names its models; without one, a file `NAME.safetensors` is model NAME.
public struct ModelStore: Sendable {
    /// The folders that are searched, in order, whether they exist or not.
    public let folders: [String]

    public static let environmentVariable = "DAIN_MODELS"

    /// - Parameters:
    ///   - environment: The process's environment variables.
    ///   - executable: The path of the running program; symbolic links are followed.
    ///   - builtIn: The checkout that the program was built in, if it is known; otherwise the one around it.
    public init(environment: [String: String], executable: String, builtIn: String? = nil) {
        var folders: [String] = []
        if let folder = environment[Self.environmentVariable], !folder.isEmpty { folders.append(folder) }
        let programFolder = URL(fileURLWithPath: executable).resolvingSymlinksInPath()
            .deletingLastPathComponent()
        folders.append(programFolder.path)
        folders.append(programFolder.appendingPathComponent("models").path)
        folders.append(
            programFolder.deletingLastPathComponent().appendingPathComponent("share/dain/models").path)
        let checkout = Self.checkout(above: programFolder) ?? builtIn.map { URL(fileURLWithPath: $0) }
        if let checkout { folders.append(checkout.appendingPathComponent("models").path) }
        self.folders = folders
    }

    /// The nearest folder at or above `folder` that holds this package's sources and models.
    private static func checkout(above folder: URL) -> URL? {
        var folder = folder
        while true {
            let manifest = folder.appendingPathComponent("models").appendingPathComponent(
                ModelManifest.fileName)
            if isFile(folder.appendingPathComponent("Package.swift").path), isFile(manifest.path) {
                return folder
            }
            let parent = folder.deletingLastPathComponent()
            if parent.path == folder.path { return nil }
            folder = parent
        }
    }

    /// The model that `request` means: the file at that path, or the model of that name in the first folder
    /// that has it; the default model where `request` is nil. A path always has a slash or names a file that
    /// exists.
    public func locate(_ request: String?) throws(ModelError) -> ModelLocation {
        if let request, request.contains("/") || isFile(request) { return try locate(path: request) }
        for folder in folders {
            let manifest = try Self.manifest(of: folder)
            if let listed = manifest?.models.first(where: { $0.name == request ?? manifest?.defaultModel }) {
                return ModelLocation(
                    folder: folder, model: listed, isDefault: listed.name == manifest?.defaultModel)
            }
            let path = "\(folder)/\(request ?? "")\(ModelLocation.fileExtension)"
            if request != nil, isFile(path) { return ModelLocation(path: path, model: nil, isDefault: false) }
        }
        throw .notFound(name: request, searched: folders)
    }

    /// Every model that `locate` finds by name: of each folder those that its manifest lists, then the other
    /// safetensors files, sorted by name.
    public func models() throws(ModelError) -> [ModelLocation] {
        var found: [ModelLocation] = []
        var names: Set<String> = []
        var hasDefault = false
        for folder in folders {
            let manifest = try Self.manifest(of: folder)
            for model in manifest?.models ?? [] where names.insert(model.name).inserted {
                let isDefault = !hasDefault && model.name == manifest?.defaultModel
                found.append(ModelLocation(folder: folder, model: model, isDefault: isDefault))
            }
            hasDefault = hasDefault || manifest?.defaultModel != nil
            let listed = Set(manifest?.models.map(\.file) ?? [])
            for file in try Self.weightFiles(in: folder) where !listed.contains(file) {
                let location = ModelLocation(path: "\(folder)/\(file)", model: nil, isDefault: false)
                if names.insert(location.name).inserted { found.append(location) }
            }
        }
        return found
    }

    private static func weightFiles(in folder: String) throws(ModelError) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue
        else {
            return []
        }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
                .filter { $0.hasSuffix(ModelLocation.fileExtension) }.sorted()
        } catch {
            throw .unreadableFolder(path: folder)
        }
    }

    /// A file given by its path is still checked if the manifest beside it lists it.
    private func locate(path: String) throws(ModelError) -> ModelLocation {
        let url = URL(fileURLWithPath: path)
        let manifest = try Self.manifest(of: url.deletingLastPathComponent().path)
        let listed = manifest?.models.first { $0.file == url.lastPathComponent }
        return ModelLocation(
            path: path, model: listed, isDefault: listed != nil && listed?.name == manifest?.defaultModel)
    }

    private static func manifest(of folder: String) throws(ModelError) -> ModelManifest? {
        let path = "\(folder)/\(ModelManifest.fileName)"
        return isFile(path) ? try ModelManifest(path: path) : nil
    }
}

/// Where a model lies.
public struct ModelLocation: Equatable, Sendable {
    /// Of the file, which need not exist.
    public let path: String
    /// What the manifest says about it; nil for a file that no manifest lists.
    public let model: ModelManifest.Model?
    /// Whether it is the model to use when none is asked for.
    public let isDefault: Bool

    static let fileExtension = ".safetensors"

    /// What the manifest calls it, or the file's name without its extension.
    public var name: String {
        if let model { return model.name }
        let file = URL(fileURLWithPath: path).lastPathComponent
        return file.hasSuffix(Self.fileExtension) ? String(file.dropLast(Self.fileExtension.count)) : file
    }

    init(path: String, model: ModelManifest.Model?, isDefault: Bool) {
        self.path = path
        self.model = model
        self.isDefault = isDefault
    }

    init(folder: String, model: ModelManifest.Model, isDefault: Bool) {
        self.init(path: "\(folder)/\(model.file)", model: model, isDefault: isDefault)
    }
}

private func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
}
