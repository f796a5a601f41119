import CFFmpeg
import Foundation

/// Encoded packets as they left the encoder, one behind the other.
///
/// It is what lies between encoder and muxer, kept until all of a video is there. No container does for that: each keeps some
/// codecs, some precision of times and some side data, and loses others. All numbers are little-endian.
///
/// A packet is: presentation time, decoding time and duration in ticks of the encoder's time base (8 bytes each); flags, the
/// number of bytes and the number of pieces of side data (4 bytes each); the bytes; and for each piece of side data its
/// type and size (4 bytes each) and its bytes.
enum PacketFile {
    static let magic = Data("dain packets 1\r\n".utf8)
    /// Bytes of a packet's fixed part.
    static let headerSize = 36

    /// The CRC-32 of IEEE 802.3 as FFmpeg computes it, continued from `sum`.
    static func checksum(_ bytes: UnsafeRawBufferPointer, from sum: UInt32) -> UInt32 {
        av_crc(
            av_crc_get_table(AV_CRC_32_IEEE_LE), sum, bytes.bindMemory(to: UInt8.self).baseAddress,
            bytes.count)
    }
}

/// Writes a ``PacketFile``.
final class PacketFileWriter {
    private let file: AppendedFile
    private(set) var bytes = 0
    private(set) var packets = 0
    private(set) var checksum: UInt32 = 0

    init(_ path: String, subject: String) throws(MediaError) {
        file = try AppendedFile(path, subject: subject)
        try append(PacketFile.magic)
    }

    func write(_ packet: Packet) throws(MediaError) {
        let pointer = packet.pointer.pointee
        var record = Data(capacity: PacketFile.headerSize + Int(pointer.size))
        for value in [pointer.pts, pointer.dts, pointer.duration] { record.append(littleEndian: value) }
        for value in [pointer.flags, pointer.size, pointer.side_data_elems] {
            record.append(littleEndian: value)
        }
        if let data = pointer.data { record.append(data, count: Int(pointer.size)) }
        for index in 0..<Int(pointer.side_data_elems) {
            let item = pointer.side_data[index]
            record.append(littleEndian: Int32(bitPattern: item.type.rawValue))
            record.append(littleEndian: Int32(item.size))
            record.append(item.data, count: item.size)
        }
        try append(record)
        packets += 1
    }

    /// Brings everything to the disk.
    func close() throws(MediaError) { try file.close() }

    private func append(_ record: Data) throws(MediaError) {
        try file.append(record)
        bytes += record.count
        checksum = record.withUnsafeBytes { PacketFile.checksum($0, from: checksum) }
    }
}

/// Reads a ``PacketFile`` that was found to be whole.
final class PacketFileReader {
    private let file: UnsafeMutablePointer<FILE>
    private let subject: String

    init(_ path: String, subject: String) throws(MediaError) {
        self.subject = subject
        guard let file = fopen(path, "rbe") else {
            throw .system(call: "open", code: errno, path: subject)
        }
        self.file = file
        var magic = [UInt8](repeating: 0, count: PacketFile.magic.count)
        guard fread(&magic, 1, magic.count, file) == magic.count, Data(magic) == PacketFile.magic else {
            throw damage()
        }
    }

    deinit { fclose(file) }

    /// The next packet; nil at the end.
    func next() throws(MediaError) -> Packet? {
        var header = [UInt8](repeating: 0, count: PacketFile.headerSize)
        let count = fread(&header, 1, header.count, file)
        if count == 0, feof(file) != 0 { return nil }
        guard count == header.count else { throw damage() }
        let times = (0..<3).map { Int64(littleEndian: Self.value(header, at: 8 * $0)) }
        let numbers = (0..<3).map { Int32(littleEndian: Self.value(header, at: 24 + 4 * $0)) }
        let packet = try Packet()
        guard numbers[1] >= 0, (0...64).contains(numbers[2]) else { throw damage() }
        try FFmpeg.check(av_new_packet(packet.pointer, numbers[1]), "av_new_packet", subject)
        (packet.pointer.pointee.pts, packet.pointer.pointee.dts) = (times[0], times[1])
        packet.pointer.pointee.duration = times[2]
        // A packet from a file is never one that points into memory, whatever the file says.
        packet.pointer.pointee.flags = numbers[0] & ~AV_PKT_FLAG_TRUSTED
        try read(packet.pointer.pointee.data, Int(numbers[1]))
        for _ in 0..<numbers[2] { try readSideData(of: packet) }
        return packet
    }

    private func readSideData(of packet: Packet) throws(MediaError) {
        var header = [UInt8](repeating: 0, count: 8)
        guard fread(&header, 1, header.count, file) == header.count else { throw damage() }
        let type = UInt32(bitPattern: Int32(littleEndian: Self.value(header, at: 0)))
        let size = Int32(littleEndian: Self.value(header, at: 4))
        guard size >= 0 else { throw damage() }
        let data = try FFmpeg.allocated(
            av_packet_new_side_data(packet.pointer, AVPacketSideDataType(rawValue: type), Int(size)),
            "av_packet_new_side_data")
        try read(data, Int(size))
    }

    private func read(_ target: UnsafeMutablePointer<UInt8>?, _ count: Int) throws(MediaError) {
        guard count > 0 else { return }
        guard let target, fread(target, 1, count, file) == count else { throw damage() }
    }

    private func damage() -> MediaError {
        let code = ferror(file) != 0 ? errno : 0
        return .system(call: "read", code: code == 0 ? EIO : code, path: subject)
    }

    private static func value<Value: FixedWidthInteger & BitwiseCopyable>(_ bytes: [UInt8], at offset: Int)
        -> Value
    {
        bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    }
}

extension Data {
    fileprivate mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
