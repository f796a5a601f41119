import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A file that is written beside its final name and moved there when it is complete.
///
/// Until then nothing changes under the final name, whatever happens.
final class PartialFile {
    let finalPath: String
    let partialPath: String
    private let overwrite: Bool
    private var isMoved = false
    /// Holds the lock that says that the file is being written.
    private let descriptor: Int32

    /// Checks that the file could be written. Throws for a folder, a missing or read-only folder around it, an existing file
    /// with `overwrite` off, and for any of the inputs.
    ///
    /// `temporary` is where it is written, on the same file system; by default a hidden file beside it.
    init(_ path: String, overwrite: Bool, inputs: [String], temporary: String? = nil) throws(MediaError) {
        try Self.check(path, overwrite: overwrite, inputs: inputs)
        self.overwrite = overwrite
        let target = try Self.target(of: path)
        finalPath = target
        let folder = Self.folder(of: target)
        let name = target.split(separator: "/").last.map(String.init) ?? target
        StalePartialFiles.remove(of: String(name.prefix(180)), in: folder)
        partialPath = temporary ?? "\(folder)/.\(name.prefix(180)).\(getpid()).partial"
        descriptor = open(partialPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .outputNotWritable(path: path, code: errno) }
        // File systems without locks leave the file to its process's number alone.
        _ = flock(descriptor, LOCK_EX | LOCK_NB)
    }

    deinit {
        discard()
        close(descriptor)
    }

    /// Writes everything through to the disk and moves the file to its final name.
    func complete() throws(MediaError) {
        let descriptor = open(partialPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(call: "open", code: errno, path: finalPath) }
        defer { close(descriptor) }
        try DurableFile.sync(descriptor, subject: finalPath)
        if !overwrite, access(finalPath, F_OK) == 0 { throw .outputExists(path: finalPath) }
        guard rename(partialPath, finalPath) == 0 else {
            throw .system(call: "rename", code: errno, path: finalPath)
        }
        isMoved = true
    }

    /// Fills the file with `bytes`.
    func write(_ bytes: Data) throws(MediaError) {
        let descriptor = open(partialPath, O_WRONLY | O_TRUNC | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(call: "open", code: errno, path: finalPath) }
        defer { close(descriptor) }
        try DurableFile.write(bytes, to: descriptor, subject: finalPath)
    }

    func discard() {
        if !isMoved { unlink(partialPath) }
    }

    /// The file that a path means: a link is written through, and what it points to is replaced, not the link.
    static func target(of path: String) throws(MediaError) -> String {
        var target = path
        // As many links as Linux follows.
        for _ in 0..<40 {
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let length = readlink(target, &buffer, buffer.count - 1)
            if length < 0 { return target }
            let destination = String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
            target = destination.hasPrefix("/") ? destination : "\(folder(of: target))/\(destination)"
        }
        throw .outputNotWritable(path: path, code: ELOOP)
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Checks, without creating anything, what the initialiser checks.
    static func check(_ path: String, overwrite: Bool, inputs: [String]) throws(MediaError) {
        if path.isEmpty { throw .unknownContainer(path: path) }
        if path.hasSuffix("/") { throw .outputIsFolder(path: path) }
        var information = stat()
        if stat(path, &information) == 0 {
            if information.st_mode & S_IFMT == S_IFDIR { throw .outputIsFolder(path: path) }
            if inputs.flatMap(InputFiles.named).contains(where: { areSame($0, path) }) {
                throw .outputIsInput(path: path)
            }
            if information.st_mode & S_IFMT != S_IFREG { throw .outputNotWritable(path: path, code: EINVAL) }
            if !overwrite { throw .outputExists(path: path) }
        }
        var parent = stat()
        guard stat(folder(of: try target(of: path)), &parent) == 0 else {
            throw .outputFolderMissing(path: path)
        }
    }

    /// Throws where the folder of a file allows no new files.
    static func checkFolder(of path: String) throws(MediaError) {
        if access(folder(of: try target(of: path)), W_OK | X_OK) != 0 {
            throw .outputNotWritable(path: path, code: errno)
        }
    }

    /// Whether two paths lead to one file.
    static func areSame(_ first: String, _ second: String) -> Bool {
        var (a, b) = (stat(), stat())
        return stat(first, &a) == 0 && stat(second, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino
    }
}
