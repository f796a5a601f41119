/// Reads a stretch of a file from front to back; every read is checked against the stretch's end.
struct ByteCursor {
    let bytes: WeightBytes
    let format: WeightFileFormat
    /// From the start of the file.
    private(set) var position: Int
    let end: Int

    /// `range` must lie within the file.
    init(_ bytes: WeightBytes, in range: Range<Int>, format: WeightFileFormat) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
        self.bytes = bytes
        self.format = format
        position = range.lowerBound
        end = range.upperBound
    }

    var remaining: Int { end - position }

    /// The next byte, left unread; nil at the end.
    var next: UInt8? {
        position < end ? bytes.withUnsafeBytes { $0[position] } : nil
    }

    /// Passes `count` bytes and returns where they lie.
    mutating func take(_ count: Int) throws(WeightFileError) -> Range<Int> {
        guard count >= 0, count <= remaining else {
            throw bytes.damaged(format, "\(count) bytes expected at byte \(position), \(remaining) are left")
        }
        defer { position += count }
        return position..<position + count
    }

    /// `count` may come from the file: one beyond `Int` is beyond the file too.
    mutating func take(_ count: UInt64) throws(WeightFileError) -> Range<Int> {
        try take(Int(exactly: count) ?? .max)
    }

    mutating func read<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type
    ) throws(WeightFileError) -> Integer {
        let range = try take(MemoryLayout<Integer>.size)
        return bytes.withUnsafeBytes {
            Integer(littleEndian: $0.loadUnaligned(fromByteOffset: range.lowerBound, as: Integer.self))
        }
    }

    /// The next `count` bytes as text, which must be UTF-8.
    mutating func readString(_ count: UInt64) throws(WeightFileError) -> String {
        try string(in: take(count))
    }

    /// The text up to the next line feed, which is passed too.
    mutating func readLine() throws(WeightFileError) -> String {
        let length = bytes.withUnsafeBytes { $0[position..<end].firstIndex(of: 0x0a) }
        guard let length else { throw bytes.damaged(format, "a line at byte \(position) does not end") }
        let line = try string(in: take(length - position))
        _ = try take(1)
        return line
    }

    private func string(in range: Range<Int>) throws(WeightFileError) -> String {
        let text = bytes.withUnsafeBytes(in: range) { String(validating: $0, as: UTF8.self) }
        guard let text else { throw bytes.damaged(format, "text at byte \(range.lowerBound) is not UTF-8") }
        return text
    }
}
