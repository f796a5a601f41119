import CFileMark
import Foundation

/// What a finished result carries of the run that made it, so that the same command finds nothing left to do.
///
/// It is an extended attribute of the file, which changes nothing in it. It holds a digest of the ``Fingerprint`` and the
/// file's size: another file that is copied over it does not pass for the result.
enum FinishedMark {
    #if canImport(Darwin)
        private static let name = "dain.run"
    #else
        private static let name = "user.dain.run"
    #endif

    /// Marks a file; false where the file system holds no such attributes.
    static func set(_ digest: String, on path: String) -> Bool {
        guard let size = size(of: path) else { return false }
        let text = "\(digest) \(size)"
        return file_mark_set(path, name, text, text.utf8.count) == 0
    }

    /// Whether a file is there and is the whole result of the run with this digest.
    static func isSet(_ digest: String, on path: String) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = file_mark_get(path, name, &buffer, buffer.count)
        guard count > 0, let size = size(of: path) else { return false }
        return String(decoding: buffer[..<count], as: UTF8.self) == "\(digest) \(size)"
    }

    /// Bytes of a file; nil where there is none.
    static func size(of path: String) -> Int? {
        var file = stat()
        return stat(path, &file) == 0 ? Int(file.st_size) : nil
    }
}
