import Foundation

/// Writes a file beside its final name and renames it when it is complete, so that the final name never
/// holds half a file. Without `commit` nothing is left behind.
///
/// A symbolic link is followed, so that the link itself stays. Anything else than a regular file under the
/// final name (a folder, a device, a pipe) is refused: a rename would put a file in its place.
final class AtomicFile {
    /// As the caller named it, for messages.
    let destination: String
    private let target: String
    private let temporary: String
    private let descriptor: Int32
    private var isCommitted = false

    init(replacing destination: String) throws(WeightFileError) {
        let url = URL(fileURLWithPath: destination).resolvingSymlinksInPath()
        var status = stat()
        guard stat(url.path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
            throw WeightFileError(file: destination, reason: .notARegularFile)
        }
        let name = ".\(url.lastPathComponent).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).partial"
        temporary = url.deletingLastPathComponent().appendingPathComponent(name).path
        target = url.path
        self.destination = destination
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw WeightFileError(file: destination, reason: .system(operation: "create", code: errno))
        }
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
            if !isCommitted { unlink(temporary) }
        }
    }

    func write<Element: BitwiseCopyable>(_ elements: [Element]) throws(WeightFileError) {
        try check(elements.withUnsafeBytes(writeAll))
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(WeightFileError) {
        try check(writeAll(bytes))
    }

    private func check(_ code: Int32) throws(WeightFileError) {
        guard code == 0 else {
            throw WeightFileError(file: destination, reason: .system(operation: "write", code: code))
        }
    }

    /// The `errno` of the first write that fails, 0 when all is written.
    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let buffer = UnsafeRawBufferPointer(rebasing: rest)
            let written = Foundation.write(descriptor, buffer.baseAddress, buffer.count)
            if written < 0 {
                if errno == EINTR { continue }
                return errno
            }
            rest = rest.dropFirst(written)
        }
        return 0
    }

    /// Brings the file to disk and gives it its final name.
    func commit() throws(WeightFileError) {
        guard fsync(descriptor) == 0 else { throw failure("write") }
        guard rename(temporary, target) == 0 else { throw failure("replace") }
        isCommitted = true
    }

    private func failure(_ operation: String) -> WeightFileError {
        WeightFileError(file: destination, reason: .system(operation: operation, code: errno))
    }
}
