/// The checksum of zip archives (polynomial 0xedb88320), eight bytes a step.
enum CRC32 {
    /// Entry 256 · k + b: the effect of byte b that lies k bytes before the end of a step.
    private static let table: [UInt32] = {
        var table = (UInt32(0)..<256).map { byte in
            (0..<8).reduce(byte) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        for index in 256..<8 * 256 {
            let previous = table[index - 256]
            table.append(previous >> 8 ^ table[Int(previous & 0xff)])
        }
        return table
    }()

    static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            var crc = ~UInt32(0)
            let stepped = bytes.count & ~7
            for position in stride(from: 0, to: stepped, by: 8) {
                let word = UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                let mixed = word ^ UInt64(crc)
                crc = 0
                for byte in 0..<8 {
                    crc ^= table[(7 - byte) * 256 + Int(truncatingIfNeeded: mixed >> UInt64(8 * byte) & 0xff)]
                }
            }
            for position in stepped..<bytes.count {
                crc = crc >> 8 ^ table[Int(crc & 0xff ^ UInt32(bytes[position]))]
            }
            return ~crc
        }
    }
}
