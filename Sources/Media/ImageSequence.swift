import Foundation
import Timing

/// A list of image files that make a sequence: a folder's images, or those that a pattern such as `shot.%05d.png` names.
struct ImageSequence {
    let paths: [String]
    /// What a user should know of it: numbers that are missing.
    let notes: [String]

    /// Endings of image files that FFmpeg reads.
    private static let endings: Set<String> = [
        "png", "jpg", "jpeg", "tif", "tiff", "bmp", "exr", "dpx", "webp", "tga", "ppm", "pgm", "pnm", "pam",
        "jp2",
        "sgi", "gif", "hdr", "jxl", "avif",
    ]

    /// The sequence that `path` means; nil where it means one file.
    init?(path: String) throws(MediaError) {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if exists, isFolder.boolValue {
            let names = try Self.images(in: path)
            guard !names.isEmpty else {
                throw .emptySequence(path: path, reason: "the folder holds no images")
            }
            let sorted = names.sorted { $0.compare($1, options: .numeric) == .orderedAscending }
            let folder = path.hasSuffix("/") ? path : path + "/"
            paths = sorted.map { folder + $0 }
            notes = Self.gaps(in: sorted.compactMap(Self.lastNumber), path)
            return
        }
        guard !exists, let pattern = NumberPattern(path) else { return nil }
        let found = try Self.names(in: pattern.folder.isEmpty ? "." : pattern.folder).compactMap { name in
            pattern.number(in: name).map { (name, $0) }
        }.sorted { $0.1 < $1.1 }
        guard !found.isEmpty else { throw .emptySequence(path: path, reason: "no file fits the pattern") }
        paths = found.map { pattern.folder.isEmpty ? $0.0 : "\(pattern.folder)/\($0.0)" }
        notes = Self.gaps(in: found.map(\.1), path)
    }

    /// The names of all images in a folder, but for hidden ones.
    static func images(in folder: String) throws(MediaError) -> [String] {
        try names(in: folder).filter { name in
            name.split(separator: ".").dropFirst().last.map { endings.contains($0.lowercased()) } ?? false
                && !name.hasPrefix(".")
        }
    }

    static func names(in folder: String) throws(MediaError) -> [String] {
        guard let directory = opendir(folder) else {
            throw .system(call: "open input", code: errno, path: folder)
        }
        closedir(directory)
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw .system(call: "open input", code: EIO, path: folder)
        }
    }

    private static func lastNumber(of name: String) -> Int? {
        let stem = name[..<(name.lastIndex(of: ".") ?? name.endIndex)]
        let digits = stem.reversed().drop { !$0.isASCII || !$0.isNumber }.prefix { $0.isASCII && $0.isNumber }
        return Int(String(digits.reversed()))
    }

    private static func gaps(in numbers: [Int], _ path: String) -> [String] {
        // Names may hold the greatest of all numbers, many times over; none is negative.
        let missing = zip(numbers, numbers.dropFirst()).filter { $1 > $0 && $1 - $0 > 1 }
        guard let first = missing.first else { return [] }
        let total = missing.reduce(0) { sum, pair in
            let (next, overflows) = sum.addingReportingOverflow(pair.1 - pair.0 - 1)
            return overflows ? .max : next
        }
        return [
            "\(path): \(counted(total, "number")) \(total == 1 ? "is" : "are") missing, the first after \(first.0); the frames around a gap become neighbours"
        ]
    }
}

/// A file name with one `%d` or `%0Nd` for a number.
struct NumberPattern {
    let folder: String
    private let prefix: String
    private let suffix: String
    private let width: Int

    /// nil where the last part of the path has no such mark.
    init?(_ path: String) {
        let slash = path.lastIndex(of: "/")
        folder = slash.map { String(path[..<$0]) } ?? ""
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        guard let match = name.firstMatch(of: /%(0(\d{1,2}))?d/) else { return nil }
        prefix = String(name[..<match.range.lowerBound])
        suffix = String(name[match.range.upperBound...])
        width = match.2.flatMap { Int($0) } ?? 0
    }

    func number(in name: String) -> Int? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.count > prefix.count + suffix.count else {
            return nil
        }
        let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), digits.count >= width, digits.count < 18
        else {
            return nil
        }
        return Int(digits)
    }

    func path(_ number: Int) -> String {
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, width - digits.count)) + digits
        return (folder.isEmpty ? "" : folder + "/") + prefix + padded + suffix
    }
}
