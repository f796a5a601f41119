import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// What is known of a part of a video that is encoded and on the disk, and begins with a key frame.
public struct VideoSegment: Codable, Hashable, Sendable {
    public var packets: Int
    /// Of its file.
    public var bytes: Int
    /// The CRC-32 of its file.
    public var checksum: UInt32
    /// The time of its last frame, in ticks of the encoder; nil where it has none.
    public var lastTimestamp: Int64?
    /// Frames that fell onto the tick of the one before, and ticks without a frame.
    public var (dropped, gaps): (Int, Int)

    /// Whether a file is this segment, byte by byte.
    public func isWhole(at path: String) -> Bool {
        guard let file = fopen(path, "rbe") else { return false }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var (count, sum) = (0, UInt32(0))
        while true {
            let got = fread(&buffer, 1, buffer.count, file)
            if got == 0 { break }
            count += got
            if count > bytes { return false }
            sum = buffer.withUnsafeBytes {
                PacketFile.checksum(UnsafeRawBufferPointer(rebasing: $0[..<got]), from: sum)
            }
        }
        return ferror(file) == 0 && count == bytes && sum == checksum
    }
}
