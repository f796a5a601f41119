/// Checksums of an archive's entries, computed anew after damage.
enum ZipChecksums {
    /// Goes through the directory's entries, wherever they lie, and states the checksum that their data has.
    static func mend(_ bytes: inout [UInt8]) {
        var place = 0
        while place + 46 <= bytes.count {
            guard bytes[place...].starts(with: [0x50, 0x4b, 1, 2]) else {
                place += 1
                continue
            }
            mendEntry(&bytes, at: place)
            place += 46
        }
    }

    private static func mendEntry(_ bytes: inout [UInt8], at entry: Int) {
        let (count, header) = (integer(bytes, entry + 20, 4), integer(bytes, entry + 42, 4))
        guard header + 30 <= bytes.count else { return }
        let start = header + 30 + integer(bytes, header + 26, 2) + integer(bytes, header + 28, 2)
        guard start <= bytes.count, count <= bytes.count - start else { return }
        var checksum = crc32(bytes[start..<start + count])
        for index in 0..<4 {
            bytes[entry + 16 + index] = UInt8(truncatingIfNeeded: checksum)
            checksum >>= 8
        }
    }

    private static func integer(_ bytes: [UInt8], _ place: Int, _ width: Int) -> Int {
        (0..<width).reversed().reduce(0) { $0 << 8 | Int(bytes[place + $1]) }
    }

    /// That of zip, zlib and PNG, bit by bit.
    private static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xedb8_8320 : sum >> 1 }
        }
        return ~sum
    }
}
