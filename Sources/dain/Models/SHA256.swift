import CFFmpeg

/// SHA-256 as libavutil computes it.
enum SHA256 {
    /// The 32 bytes of the digest.
    static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        // A few hundred bytes: without them, Swift's own allocations would have failed too.
        guard let context = av_sha_alloc() else { fatalError("out of memory") }
        defer { av_free(UnsafeMutableRawPointer(context)) }
        var digest = [UInt8](repeating: 0, count: 32)
        av_sha_init(context, 256)
        av_sha_update(context, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
        av_sha_final(context, &digest)
        return digest
    }
}
