#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The models that `dain` finds by name, and where it looked for them.
struct ModelInventory {
    struct Model: Encodable {
        var name: String
        var path: String
        var bytes: Int64
    }

    /// The folders that were searched, in the order in which they count.
    var searched: [String] = []
    var models: [Model] = []
    /// What kept a folder or a file from being read.
    var obstacles: [String] = []

    /// Looks through the folder that `$DAIN_MODELS` names if it is set, else through those that belong to the
    /// executable: `models` beside it, `../share/dain/models`, and `models` of the checkout it was built in.
    static func find() -> ModelInventory {
        var inventory = ModelInventory()
        if let folder = ProcessInfo.processInfo.environment["DAIN_MODELS"], !folder.isEmpty {
            inventory.searched = [folder]
        } else {
            let beside = executableFolder.map { ["\($0)/models", "\($0)/../share/dain/models"] } ?? []
            inventory.searched = beside + ["\(checkout)/models"]
        }
        for folder in inventory.searched where FileManager.default.fileExists(atPath: folder) {
            inventory.read(folder)
        }
        return inventory
    }

    private mutating func read(_ folder: String) {
        do {
            for file in try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            where file.hasSuffix(".safetensors") {
                let path = "\(folder)/\(file)"
                var information = stat()
                guard stat(path, &information) == 0 else {
                    obstacles.append("\(path): \(String(cString: strerror(errno)))")
                    continue
                }
                let name = String(file.dropLast(".safetensors".count))
                models.append(Model(name: name, path: path, bytes: Int64(information.st_size)))
            }
        } catch {
            obstacles.append("\(folder): \(error)")
        }
    }

    private static var executableFolder: String? {
        #if os(Linux)
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
            guard length > 0 else { return nil }
            let path = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #else
            guard let path = Bundle.main.executablePath else { return nil }
        #endif
        return path.lastIndex(of: "/").map { String(path[..<$0]) }
    }

    /// The checkout, from this file's own place in it at the time of the build.
    private static var checkout: String {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
    }
}
