import Foundation

/// Why a folder could not be searched for sequences.
public enum DatasetError: Error, Sendable, Equatable {
    case unreadableFolder(path: String)
    case unreadableList(path: String)
}

extension DatasetError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadableFolder(let path): "\(path): the folder cannot be read"
        case .unreadableList(let path): "\(path): cannot be read"
        }
    }
}

/// Sequences of a benchmark in a folder.
public struct Dataset: Sendable {
    /// Two frames and the true one between them, as paths of images.
    public struct Sequence: Sendable, Equatable {
        /// The folder's name, or where names repeat in folders of folders, the path from the dataset on.
        public var name: String
        public var first: String
        public var truth: String
        public var second: String
    }

    public let layout: DatasetLayout
    /// In the order of their names; numbers in names count as numbers.
    public let sequences: [Sequence]
    /// Files that are not there, without their ending: one of each sequence that lacks one and is passed over.
    public let lacking: [String]
    /// How many sequences lie there in other layouts, and are passed over.
    public private(set) var otherwiseNamed = 0

    /// Finds the sequences in a folder; nil where it holds none, or is no folder.
    ///
    /// Sequences may lie in the folder itself (it is then the only one), in folders of it, or in folders of folders, as
    /// Vimeo-90K's `sequences/00001/0001`. The truth may lie in another tree with folders of the same names, as
    /// Middlebury's downloads `other-data` and `other-gt-interp`. Where Vimeo-90K's `tri_testlist.txt` is there, the
    /// sequences that it lists are meant. Where files of several layouts lie, the one with most sequences is meant.
    ///
    /// - Throws: ``DatasetError`` where a folder or the list cannot be read.
    public init?(folder: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue
        else {
            return nil
        }
        let folders = try Self.walk(folder)
        let found = try DatasetLayout.allCases.map { try Self.find($0, in: folders, root: folder) }
        guard let best = found.max(by: { $0.sequences.count < $1.sequences.count }), !best.sequences.isEmpty
        else { return nil }
        self = best
        otherwiseNamed = found.reduce(0) { $0 + $1.sequences.count } - best.sequences.count
    }

    /// The first file, without its ending, that keeps a folder from holding a complete sequence; nil where it holds no part
    /// of one.
    ///
    /// - Throws: ``DatasetError`` where a folder or the list cannot be read.
    public static func firstLacking(in folder: String) throws -> String? {
        let folders = try walk(folder)
        return try DatasetLayout.allCases.lazy.flatMap { try find($0, in: folders, root: folder).lacking }
            .first
    }

    private init(layout: DatasetLayout, sequences: [Sequence], lacking: [String]) {
        (self.layout, self.sequences, self.lacking) = (layout, sequences, lacking)
    }

    /// The list of Vimeo-90K's test sequences.
    private static let testList = "tri_testlist.txt"
    /// Folders below the dataset: `tree/sequences/00001/0001`.
    private static let greatestDepth = 4

    /// A folder by the names on the way to it, and the names in it.
    private struct Folder {
        var path: [String]
        var names: Set<String>

        func file(_ frame: String) -> String? { DatasetLayout.names(frame).first(where: names.contains) }
    }

    private static func walk(_ root: String) throws -> [Folder] {
        var (folders, pending): ([Folder], [[String]]) = ([], [[]])
        // Links to folders count as such, but none is searched twice: they may lead upwards.
        var searched: Set<String> = []
        while let path = pending.popLast() {
            let place = ([root] + path).joined(separator: "/")
            guard searched.insert(URL(fileURLWithPath: place).resolvingSymlinksInPath().path).inserted else {
                continue
            }
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: place)
            } catch {
                throw DatasetError.unreadableFolder(path: place)
            }
            folders.append(Folder(path: path, names: Set(names)))
            guard path.count < greatestDepth else { continue }
            for name in names where !name.hasPrefix(".") && !isImage(name) {
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: "\(place)/\(name)", isDirectory: &isFolder),
                    isFolder.boolValue
                {
                    pending.append(path + [name])
                }
            }
        }
        return folders
    }

    private static func isImage(_ name: String) -> Bool {
        DatasetLayout.endings.contains { name.hasSuffix(".\($0)") }
    }

    private static func find(_ layout: DatasetLayout, in folders: [Folder], root: String) throws -> Dataset {
        let frames = layout.frames
        var truths: [String: String] = [:]
        for folder in folders {
            guard let name = folder.path.last, let file = folder.file(frames.truth) else { continue }
            truths[name] = path(root, folder, file)
        }
        let listed = layout == .vimeo90k ? try testList(of: folders, root: root) : nil
        var (sequences, lacking): ([Sequence], [String]) = ([], [])
        func lack(_ file: String, in folder: Folder) {
            lacking.append((folder.path + [file]).joined(separator: "/"))
        }
        for folder in folders {
            let name = folder.path.joined(separator: "/")
            if let listed, !listed.contains(folder.path.suffix(2).joined(separator: "/")) { continue }
            // Numbered frames of a clip may have these names, too; only as a whole folder do they make a sequence.
            if layout == .vimeo90k, folder.path.isEmpty, folder.file("im4") != nil { continue }
            let (first, second) = (folder.file(frames.first), folder.file(frames.second))
            guard let first, let second else {
                if (first ?? second) != nil { lack(first == nil ? frames.first : frames.second, in: folder) }
                continue
            }
            let truth =
                folder.file(frames.truth).map { path(root, folder, $0) }
                ?? folder.path.last.flatMap { truths[$0] }
            guard let truth else {
                lack(frames.truth, in: folder)
                continue
            }
            sequences.append(
                Sequence(
                    name: name, first: path(root, folder, first), truth: truth,
                    second: path(root, folder, second)))
        }
        return Dataset(
            layout: layout, sequences: named(sequences, root: root), lacking: lacking.sorted())
    }

    /// The sequences that the dataset's own list has, as `00001/0389`; nil without a list.
    private static func testList(of folders: [Folder], root: String) throws -> Set<String>? {
        guard let folder = folders.first(where: { $0.names.contains(testList) }) else { return nil }
        let file = path(root, folder, testList)
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw DatasetError.unreadableList(path: file)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return Set(
            text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { !$0.isEmpty })
    }

    /// Sorted, with the parts of the names left out that all of them begin with.
    private static func named(_ sequences: [Sequence], root: String) -> [Sequence] {
        let parts = sequences.map { $0.name.split(separator: "/").map(String.init) }
        var shared = 0
        while let part = parts.first?.dropLast().dropFirst(shared).first,
            parts.allSatisfy({ $0.count > shared + 1 && $0[shared] == part })
        { shared += 1 }
        return zip(sequences, parts).map { sequence, parts in
            var sequence = sequence
            sequence.name =
                parts.isEmpty
                ? URL(fileURLWithPath: root).standardizedFileURL.lastPathComponent
                : parts.dropFirst(shared).joined(separator: "/")
            return sequence
        }.sorted { $0.name.compare($1.name, options: .numeric) == .orderedAscending }
    }

    private static func path(_ root: String, _ folder: Folder, _ file: String) -> String {
        ([root] + folder.path + [file]).joined(separator: "/")
    }
}
