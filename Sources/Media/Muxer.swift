import CFFmpeg
import Foundation

/// Writes packets into a container.
///
/// Packets come from two threads, the encoder's and the reader's: a lock orders them. Sendable without checks for that.
final class Muxer: @unchecked Sendable {
    let context: UnsafeMutablePointer<AVFormatContext>
    private let path: String
    private let lock = NSLock()
    private var isOpen = false

    /// A container of the kind that the name's ending says.
    init(path: String) throws(MediaError) {
        FFmpegLog.capture()
        self.path = path
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        guard avformat_alloc_output_context2(&allocated, nil, nil, path) >= 0, let allocated else {
            throw .unknownContainer(path: path)
        }
        context = allocated
    }

    deinit {
        if isOpen { avio_closep(&context.pointee.pb) }
        avformat_free_context(context)
    }

    var container: UnsafePointer<AVOutputFormat> { UnsafePointer(context.pointee.oformat) }
    var containerName: String { FFmpeg.string(container.pointee.name) ?? "?" }

    func has(_ flag: Int32) -> Bool { container.pointee.flags & flag != 0 }

    func addStream() throws(MediaError) -> UnsafeMutablePointer<AVStream> {
        try FFmpeg.allocated(avformat_new_stream(context, nil), "avformat_new_stream")
    }

    /// Opens the file and writes the header; after it, streams have the time bases that the container chose.
    func begin(writingTo file: String) throws(MediaError) {
        let code = avio_open(&context.pointee.pb, file, AVIO_FLAG_WRITE)
        if code < 0 { throw .ffmpeg(call: "avio_open", code: code, subject: path, detail: nil) }
        isOpen = true
        _ = FFmpegLog.takeLastError()
        try FFmpeg.check(avformat_write_header(context, nil), "avformat_write_header", path)
    }

    /// Writes a packet, with times in `timeBase`, to a stream; keeps it until packets of the other streams catch up.
    func write(_ packet: Packet, to stream: UnsafeMutablePointer<AVStream>, from timeBase: AVRational) throws
    {
        packet.pointer.pointee.stream_index = stream.pointee.index
        packet.pointer.pointee.pos = -1
        av_packet_rescale_ts(packet.pointer, timeBase, stream.pointee.time_base)
        try lock.withLock {
            _ = try FFmpeg.check(
                av_interleaved_write_frame(context, packet.pointer), "av_interleaved_write_frame", path)
        }
    }

    /// Writes the end of the container and closes the file; a full disk shows here at the latest.
    func finish() throws(MediaError) {
        try FFmpeg.check(av_write_trailer(context), "av_write_trailer", path)
        isOpen = false
        try FFmpeg.check(avio_closep(&context.pointee.pb), "avio_closep", path)
    }
}
