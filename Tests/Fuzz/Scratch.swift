import Foundation

/// A folder for the files of one input after another.
struct Scratch {
    let folder: String

    /// In memory where the system has such a place: thousands of files are written.
    init() throws {
        let isInMemory = FileManager.default.isWritableFile(atPath: "/dev/shm")
        let parent =
            isInMemory ? URL(fileURLWithPath: "/dev/shm") : FileManager.default.temporaryDirectory
        folder = parent.appendingPathComponent("dain-fuzz-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    init(existing folder: String) { self.folder = folder }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }

    /// Removes what lies in the folder.
    func clear() throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            try FileManager.default.removeItem(atPath: path(name))
        }
    }

    func remove() throws { try FileManager.default.removeItem(atPath: folder) }
}

/// Files that are committed.
enum Fixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Fixtures").path

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }

    /// Inputs that were trouble once, for a target: `Fixtures/fuzz/TARGET`.
    static func earlier(_ target: String) throws -> [[UInt8]] {
        let path = "fuzz/\(target)"
        guard FileManager.default.fileExists(atPath: "\(folder)/\(path)") else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(path)").sorted()
            .map { try bytes("\(path)/\($0)") }
    }
}
