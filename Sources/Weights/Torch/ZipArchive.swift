/// The directory of a zip archive whose entries are stored without compression, as torch writes them;
/// archives and entries beyond 4 GB (zip64) included.
struct ZipArchive {
    static let localHeaderSignature: [UInt8] = [0x50, 0x4b, 0x03, 0x04]
    private static let centralHeaderSignature: UInt32 = 0x0201_4b50
    private static let endSignature: [UInt8] = [0x50, 0x4b, 0x05, 0x06]
    private static let endByteCount = 22
    private static let locatorSignature: [UInt8] = [0x50, 0x4b, 0x06, 0x07]
    private static let locatorByteCount = 20
    private static let end64Signature: UInt32 = 0x0606_4b50

    private struct Entry {
        let name: String
        let crc32: UInt32
        let byteCount: Int
        let headerOffset: Int
    }

    private struct Directory {
        let entryCount: UInt64
        let range: Range<Int>
    }

    private let bytes: WeightBytes
    private let entries: [String: Entry]
    /// Where the data of each entry lies.
    private let dataRanges: [String: Range<Int>]

    var names: [String] { Array(entries.keys) }

    init(_ bytes: WeightBytes) throws(WeightFileError) {
        self.bytes = bytes
        var entries: [String: Entry] = [:]
        let directory = try Self.findDirectory(bytes)
        var cursor = ByteCursor(bytes, in: directory.range, format: .torchZip)
        while cursor.remaining > 0 {
            let entry = try Self.readEntry(&cursor)
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw bytes.damaged(.torchZip, "two entries named \(quoted(entry.name))")
            }
        }
        guard entries.count == directory.entryCount else {
            throw bytes.damaged(
                .torchZip, "\(directory.entryCount) entries announced, \(entries.count) found")
        }
        self.entries = entries
        dataRanges = try Self.locate(entries.values, before: directory.range.lowerBound, in: bytes)
    }

    /// Where the data of the entry `name` lies, its checksum verified; nil where there is no such entry.
    func data(_ name: String) throws(WeightFileError) -> Range<Int>? {
        guard let entry = entries[name], let range = dataRanges[name] else { return nil }
        guard bytes.withUnsafeBytes(in: range, CRC32.checksum) == entry.crc32 else {
            throw bytes.damaged(.torchZip, "the checksum of \(quoted(name)) does not match its data")
        }
        return range
    }

    /// Finds the end record, which only a comment of stated length may follow, and from it the directory.
    private static func findDirectory(_ bytes: WeightBytes) throws(WeightFileError) -> Directory {
        let latest = bytes.count - endByteCount
        let earliest = max(0, latest - Int(UInt16.max))
        guard latest >= 0,
            let end = (earliest...latest).last(where: { position in
                guard bytes.hasBytes(endSignature, at: position) else { return false }
                let length = bytes.withUnsafeBytes {
                    $0.loadUnaligned(fromByteOffset: position + 20, as: UInt16.self)
                }
                return Int(UInt16(littleEndian: length)) == latest - position
            })
        else { throw bytes.damaged(.torchZip, "its directory is missing; the file may be cut short") }

        var cursor = ByteCursor(bytes, in: end + 8..<bytes.count, format: .torchZip)
        _ = try cursor.read(UInt16.self)
        var entryCount = UInt64(try cursor.read(UInt16.self))
        var byteCount = UInt64(try cursor.read(UInt32.self))
        var offset = UInt64(try cursor.read(UInt32.self))
        var limit = end
        if bytes.hasBytes(locatorSignature, at: end - locatorByteCount) {
            cursor = ByteCursor(bytes, in: end - locatorByteCount + 8..<end, format: .torchZip)
            let recordOffset = try cursor.read(UInt64.self)
            limit = end - locatorByteCount
            cursor = ByteCursor(bytes, in: 0..<limit, format: .torchZip)
            _ = try cursor.take(recordOffset)
            limit = cursor.position
            guard try cursor.read(UInt32.self) == end64Signature else {
                throw bytes.damaged(.torchZip, "its zip64 record is not where it should be")
            }
            _ = try cursor.take(28)
            entryCount = try cursor.read(UInt64.self)
            byteCount = try cursor.read(UInt64.self)
            offset = try cursor.read(UInt64.self)
        }
        cursor = ByteCursor(bytes, in: 0..<limit, format: .torchZip)
        _ = try cursor.take(offset)
        return Directory(entryCount: entryCount, range: try cursor.take(byteCount))
    }

    private static func readEntry(_ cursor: inout ByteCursor) throws(WeightFileError) -> Entry {
        let bytes = cursor.bytes
        guard try cursor.read(UInt32.self) == centralHeaderSignature else {
            throw bytes.damaged(.torchZip, "its directory is broken at byte \(cursor.position)")
        }
        _ = try cursor.take(4)
        let flags = try cursor.read(UInt16.self)
        let method = try cursor.read(UInt16.self)
        _ = try cursor.take(4)
        let crc32 = try cursor.read(UInt32.self)
        let storedCount = try cursor.read(UInt32.self)
        let fullCount = try cursor.read(UInt32.self)
        let nameLength = try cursor.read(UInt16.self)
        let extraLength = Int(try cursor.read(UInt16.self))
        let commentLength = Int(try cursor.read(UInt16.self))
        _ = try cursor.take(8)
        let headerOffset = try cursor.read(UInt32.self)
        let name = try cursor.readString(UInt64(nameLength))
        var extra = ByteCursor(bytes, in: try cursor.take(extraLength), format: .torchZip)
        _ = try cursor.take(commentLength)

        let encrypted: UInt16 = 1
        guard method == 0, flags & encrypted == 0 else {
            throw bytes.unsupported(.torchZip, "the entry \(quoted(name)) is compressed or encrypted")
        }
        // Numbers that do not fit are all ones and follow in the zip64 field, in this order.
        var wide = try zip64Field(&extra)
        func widened(_ narrow: UInt32) throws(WeightFileError) -> Int {
            guard narrow == .max, let field = wide else { return Int(narrow) }
            var rest = field
            let number = try rest.read(UInt64.self)
            wide = rest
            return Int(exactly: number) ?? .max
        }
        let full = try widened(fullCount)
        let stored = try widened(storedCount)
        guard full == stored else {
            throw bytes.damaged(.torchZip, "the entry \(quoted(name)) states two sizes")
        }
        return Entry(name: name, crc32: crc32, byteCount: full, headerOffset: try widened(headerOffset))
    }

    private static func zip64Field(_ extra: inout ByteCursor) throws(WeightFileError) -> ByteCursor? {
        while extra.remaining > 0 {
            let identifier = try extra.read(UInt16.self)
            let range = try extra.take(Int(try extra.read(UInt16.self)))
            if identifier == 1 { return ByteCursor(extra.bytes, in: range, format: .torchZip) }
        }
        return nil
    }

    /// Reads the header before each entry's data. Entries must not overlap: a small file could otherwise
    /// stand for a large amount of data.
    private static func locate(
        _ entries: some Sequence<Entry>, before limit: Int, in bytes: WeightBytes
    ) throws(WeightFileError) -> [String: Range<Int>] {
        var ranges: [String: Range<Int>] = [:]
        var end = 0
        for entry in entries.sorted(by: { $0.headerOffset < $1.headerOffset }) {
            guard entry.headerOffset >= end else {
                throw bytes.damaged(.torchZip, "the entry \(quoted(entry.name)) overlaps another")
            }
            var cursor = ByteCursor(bytes, in: end..<limit, format: .torchZip)
            _ = try cursor.take(entry.headerOffset - end)
            guard bytes.hasBytes(localHeaderSignature, at: cursor.position) else {
                throw bytes.damaged(.torchZip, "the entry \(quoted(entry.name)) is not where it should be")
            }
            _ = try cursor.take(26)
            let nameLength = try cursor.read(UInt16.self)
            let extraLength = Int(try cursor.read(UInt16.self))
            guard try cursor.readString(UInt64(nameLength)) == entry.name else {
                throw bytes.damaged(.torchZip, "the entry \(quoted(entry.name)) has two names")
            }
            _ = try cursor.take(extraLength)
            ranges[entry.name] = try cursor.take(entry.byteCount)
            end = cursor.position
        }
        return ranges
    }
}
