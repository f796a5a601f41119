import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Files that a loss of power cannot halve: they get their name when their content is on the disk, and the name is on the
/// disk when the call returns.
public enum DurableFile {
    /// Replaces a file by `bytes`. Throws with `subject`, or the path itself, as what could not be written.
    public static func replace(_ path: String, with bytes: Data, subject: String? = nil) throws(MediaError) {
        let subject = subject ?? path
        let temporary = path + ".partial"
        let file = try AppendedFile(temporary, subject: subject)
        do throws(MediaError) {
            try file.append(bytes)
            try file.close()
            try move(temporary, to: path, subject: subject)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Gives a file that is on the disk its name.
    static func move(_ temporary: String, to path: String, subject: String) throws(MediaError) {
        guard rename(temporary, path) == 0 else {
            throw .system(call: "rename", code: errno, path: subject)
        }
        try syncFolder(of: path, subject: subject)
    }

    /// Brings the names in the folder around `path` to the disk.
    public static func syncFolder(of path: String, subject: String) throws(MediaError) {
        let descriptor = open(PartialFile.folder(of: path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(call: "open", code: errno, path: subject) }
        defer { close(descriptor) }
        try sync(descriptor, subject: subject)
    }

    /// Writes all of the bytes, whatever interrupts it.
    static func write(_ bytes: Data, to descriptor: Int32, subject: String) throws(MediaError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            #if canImport(Darwin)
                let count = rest.withUnsafeBytes { Darwin.write(descriptor, $0.baseAddress, $0.count) }
            #else
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            #endif
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system(call: "write", code: errno, path: subject) }
            rest = rest.dropFirst(count)
        }
    }

    /// Some file systems cannot sync; that is no reason to lose a finished file.
    static func sync(_ descriptor: Int32, subject: String) throws(MediaError) {
        if fsync(descriptor) == 0 { return }
        let code = errno
        if [EIO, ENOSPC, EDQUOT].contains(code) { throw .system(call: "write", code: code, path: subject) }
    }
}

/// A new file that is written from its beginning to its end.
final class AppendedFile {
    private let subject: String
    private var descriptor: Int32

    /// `subject` is what messages name.
    init(_ path: String, subject: String) throws(MediaError) {
        self.subject = subject
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .outputNotWritable(path: subject, code: errno) }
    }

    deinit { if descriptor >= 0 { _ = closeFile(descriptor) } }

    func append(_ bytes: Data) throws(MediaError) {
        try DurableFile.write(bytes, to: descriptor, subject: subject)
    }

    /// Brings everything to the disk and closes the file. Some file systems report a full disk only here.
    func close() throws(MediaError) {
        try DurableFile.sync(descriptor, subject: subject)
        let closed = closeFile(descriptor)
        let code = errno
        descriptor = -1
        guard closed == 0 else { throw .system(call: "write", code: code, path: subject) }
    }
}

/// `close` of the system, which the class's own method hides.
private func closeFile(_ descriptor: Int32) -> Int32 { close(descriptor) }
