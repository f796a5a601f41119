import CFFmpeg
import Foundation

/// An open file: its container, its streams, and the packets in the order they lie in it.
final class Demuxer {
    /// How messages name it.
    let path: String
    /// Whether it comes from a pipe or a device, as opposed to a file that can be sought in.
    let isLive: Bool
    let context: UnsafeMutablePointer<AVFormatContext>
    private(set) var clock: StreamClock
    /// Where the last packet of pictures without a header of their own ends, in bytes.
    private var endOfPicture: Int64?
    /// Packets that were read ahead.
    private var ahead: [Packet] = []
    /// Declared last, so that it is released after the context is closed.
    let errors = ReadErrors()

    /// Opens anything FFmpeg reads and looks at its streams.
    init(path: String, settings: InputSettings = InputSettings()) throws(MediaError) {
        FFmpegLog.capture()
        let isStandardInput = path == StandardStream.path
        let name = isStandardInput ? StandardStream.input : path
        self.path = name
        let format = try settings.format.map { name throws(MediaError) in
            guard let format = av_find_input_format(FormatName.ffmpeg(name)) else {
                throw .unknownInputFormat(name: name)
            }
            return format
        }
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        for (key, value) in settings.demuxerOptions { av_dict_set(&options, key, value, 0) }
        // Nor does a percent sign make a pattern of the name of an image that is there.
        let isLiteral = !isStandardInput && path.contains("%") && access(path, F_OK) == 0
        if isLiteral { av_dict_set(&options, "pattern_type", "none", 0) }
        var opened: UnsafeMutablePointer<AVFormatContext>?
        // A colon in a file's name does not make the part before it a protocol.
        let url =
            isStandardInput ? StandardStream.inputURL : access(path, F_OK) == 0 ? "file:" + path : path
        do {
            try FFmpeg.explain("avformat_open_input", name) {
                avformat_open_input(&opened, url, format, &options)
            }
        } catch {
            throw Self.isEmptyFile(isStandardInput ? "/dev/stdin" : path) ? .emptyFile(path: name) : error
        }
        context = try FFmpeg.allocated(opened, "avformat_open_input")
        context.pointee.opaque = errors.pointer
        isLive = context.pointee.pb.map { $0.pointee.seekable == 0 } ?? false
        clock = StreamClock(context)
        // Only images have patterns.
        if isLiteral { av_dict_set(&options, "pattern_type", nil, 0) }
        // FFmpeg takes out what the demuxer has used.
        if let unused = av_dict_get(options, "", nil, AV_DICT_IGNORE_SUFFIX) {
            throw .inputOptionUnused(
                name: String(cString: unused.pointee.key), path: name,
                format: FFmpeg.string(context.pointee.iformat.pointee.name) ?? "?")
        }
        findStreams(greatestPixels: settings.greatestPixels)
        clock = StreamClock(context)
    }

    private static func isEmptyFile(_ path: String) -> Bool {
        var information = stat()
        return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
            && information.st_size == 0
    }

    /// Completes what is known of the streams, by reading ahead where a header does not tell.
    private func findStreams(greatestPixels: Int) {
        let format = FFmpeg.string(context.pointee.iformat.pointee.name) ?? ""
        if isLive {
            // Frames must not wait for those that would be read to estimate a rate: only headers state one.
            context.pointee.fps_probe_size = 0
            // Here all is known, and what FFmpeg would read ahead are whole pictures.
            if ["yuv4mpegpipe", "rawvideo"].contains(format) {
                for stream in streams {
                    let base = stream.pointee.time_base
                    stream.pointee.avg_frame_rate = AVRational(num: base.den, den: base.num)
                    stream.pointee.r_frame_rate = stream.pointee.avg_frame_rate
                }
                return
            }
        }
        // An error here leaves streams incompletely described; decoding tells whether that matters.
        var options = streams.map { _ in OpaquePointer?.none }
        defer { for index in options.indices { av_dict_free(&options[index]) } }
        for index in options.indices {
            av_dict_set_int(&options[index], "max_pixels", Int64(greatestPixels), 0)
        }
        avformat_find_stream_info(context, &options)
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

    /// The next packets of a stream, up to so many and to so many bytes of all streams; they are read again afterwards. Tells
    /// whether the file ends with them, or cannot be read on.
    func lookAhead(stream: Int, packets count: Int, bytes limit: Int) -> (
        packets: [Packet], isAll: Bool
    ) {
        var (found, size) = (0, 0)
        var isAll = false
        while found < count, size < limit {
            // What is wrong is said when reading comes to it.
            guard let packet = try? readFromFile() else {
                isAll = true
                break
            }
            ahead.append(packet)
            size += Int(packet.pointer.pointee.size)
            if packet.streamIndex == stream { found += 1 }
        }
        return (ahead.filter { $0.streamIndex == stream }, isAll)
    }

    /// The next packet of any stream; nil at the end of the file.
    func readPacket() throws(MediaError) -> Packet? {
        if !ahead.isEmpty { return ahead.removeFirst() }
        return try readFromFile()
    }

    private func readFromFile() throws(MediaError) -> Packet? {
        let packet = try Packet()
        let code = av_read_frame(context, packet.pointer)
        if code == FFmpeg.endOfFile {
            noteRest()
            return nil
        }
        try FFmpeg.check(code, "av_read_frame", path)
        noteEnd(of: packet)
        if let stream = context.pointee.streams[packet.streamIndex] { clock.correct(packet, of: stream) }
        return packet
    }

    private var formatName: String { FFmpeg.string(context.pointee.iformat.pointee.name) ?? "" }

    private func noteEnd(of packet: Packet) {
        let pointer = packet.pointer.pointee
        switch formatName {
        case "yuv4mpegpipe": endOfPicture = pointer.pos < 0 ? nil : pointer.pos &+ Int64(pointer.size)
        // The last one is handed out, shorter than it should be.
        case "rawvideo" where pointer.flags & AV_PKT_FLAG_CORRUPT != 0: errors.record(Self.endsWithin)
        default: break
        }
    }

    /// FFmpeg takes a part of a YUV4MPEG frame for the end of the stream, and says nothing.
    private func noteRest() {
        guard let end = endOfPicture, let file = context.pointee.pb else { return }
        endOfPicture = nil
        if avio_seek(file, 0, SEEK_CUR) > end { errors.record(Self.endsWithin) }
    }

    private static let endsWithin = "the stream ends within a frame"
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
