import CFFmpeg
import Foundation

/// An open file: its container, its streams, and the packets in the order they lie in it.
final class Demuxer {
    let path: String
    let context: UnsafeMutablePointer<AVFormatContext>
    private(set) var clock: StreamClock
    /// Declared last, so that it is released after the context is closed.
    let errors = ReadErrors()

    /// Opens anything FFmpeg reads and looks at its streams.
    init(path: String) throws(MediaError) {
        FFmpegLog.capture()
        self.path = path
        var opened: UnsafeMutablePointer<AVFormatContext>?
        // A colon in a file's name does not make the part before it a protocol.
        let url = access(path, F_OK) == 0 ? "file:" + path : path
        try FFmpeg.explain("avformat_open_input", path) { avformat_open_input(&opened, url, nil, nil) }
        context = try FFmpeg.allocated(opened, "avformat_open_input")
        context.pointee.opaque = errors.pointer
        // An error here leaves streams incompletely described; decoding tells whether that matters.
        avformat_find_stream_info(context, nil)
        clock = StreamClock(context)
    }

    deinit {
        var context: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&context)
    }

    var streams: [UnsafeMutablePointer<AVStream>] {
        (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams[$0] }
    }

    /// The stream to interpolate: the best video stream that is not a cover picture. nil where there is none.
    var videoStream: UnsafeMutablePointer<AVStream>? {
        let best = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0)
        if best >= 0, let stream = context.pointee.streams[Int(best)], !stream.isAttachedPicture {
            return stream
        }
        return streams.first {
            $0.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO && !$0.isAttachedPicture
        }
    }

    /// The next packet of any stream; nil at the end of the file.
    func readPacket() throws(MediaError) -> Packet? {
        let packet = try Packet()
        let code = av_read_frame(context, packet.pointer)
        if code == FFmpeg.endOfFile { return nil }
        try FFmpeg.check(code, "av_read_frame", path)
        if let stream = context.pointee.streams[packet.streamIndex] { clock.correct(packet, of: stream) }
        return packet
    }
}

extension UnsafeMutablePointer<AVStream> {
    var isAttachedPicture: Bool { pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0 }
    var parameters: AVCodecParameters { pointee.codecpar.pointee }

    /// How messages name the stream: "audio stream 1 (aac)".
    var name: String {
        let parameters = parameters
        return "\(FFmpeg.mediaTypeName(parameters.codec_type)) stream \(pointee.index) "
            + "(\(FFmpeg.codecName(parameters.codec_id)))"
    }
}
