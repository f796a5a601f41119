import Foundation

/// The bytes of a file of weights, memory-mapped, or a copy of bytes from memory.
///
/// Tensors keep their `WeightBytes` alive and decode from it on demand, so a file is read from disk once and
/// never copied as a whole. A mapped file must not be shortened in place while it is in use; writers that
/// rename a complete file over the old one, as this module's does, are safe.
///
/// Unchecked sendable: the memory is not written between the initialiser and `deinit`.
public final class WeightBytes: @unchecked Sendable {
    /// The path of the file, for messages.
    public let name: String
    public let count: Int
    private let base: UnsafeMutableRawPointer
    private let isMapped: Bool

    /// Maps a regular file.
    public init(mapping path: String) throws(WeightFileError) {
        func failure(_ operation: String) -> WeightFileError {
            WeightFileError(file: path, reason: .system(operation: operation, code: errno))
        }
        // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("inspect") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw WeightFileError(file: path, reason: .notARegularFile)
        }
        name = path
        count = Int(status.st_size)
        isMapped = count > 0
        if isMapped {
            let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
            guard let address, address != MAP_FAILED else { throw failure("map") }
            base = address
        } else {
            base = .allocate(byteCount: 0, alignment: 1)
        }
    }

    /// Copies bytes that are in memory already.
    public init(_ bytes: [UInt8], name: String) {
        self.name = name
        count = bytes.count
        isMapped = false
        base = .allocate(byteCount: bytes.count, alignment: 64)
        bytes.withUnsafeBytes {
            base.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(base), byteCount: count)
        }
    }

    deinit {
        if isMapped { munmap(base, count) } else { base.deallocate() }
    }

    /// All bytes; the pointer is valid within `body` only.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// The bytes of `range`, which must lie within the file; the pointer is valid within `body` only.
    func withUnsafeBytes<Result, Failure: Error>(
        in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return try withUnsafeBytes { (bytes) throws(Failure) in
            try body(UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }

    /// Whether the bytes from `offset` on begin with `prefix`.
    func hasBytes(_ prefix: [UInt8], at offset: Int = 0) -> Bool {
        guard offset >= 0, prefix.count <= count, offset <= count - prefix.count else { return false }
        return withUnsafeBytes(in: offset..<offset + prefix.count) { $0.elementsEqual(prefix) }
    }

    func damaged(_ format: WeightFileFormat, _ detail: String) -> WeightFileError {
        WeightFileError(file: name, reason: .damaged(format, detail: detail))
    }

    func unsupported(_ format: WeightFileFormat, _ feature: String) -> WeightFileError {
        WeightFileError(file: name, reason: .unsupported(format, feature: feature))
    }
}
