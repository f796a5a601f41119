import CFFmpeg
import Foundation
import Timing

/// A file as FFmpeg's demuxer sees it: streams, packets, chapters. Independent of the code that is tested.
struct MediaFile {
    struct Stream {
        var kind: Kind
        var codec: String
        var language: String?
        var disposition: Int32
        /// In seconds; nil where the container keeps none for a stream.
        var duration: Rational?
        var sampleAspectRatio: String
        /// Primaries, transfer, matrix and range, as FFmpeg numbers them.
        var colours: [UInt32]
        /// By FFmpeg's number of the type.
        var sideData: [UInt32: Data]
        var packets: [Packet]
    }

    enum Kind { case video, audio, subtitle, data, attachment, other }

    /// An encoded packet, times in seconds.
    struct Packet: Equatable {
        var time: Rational?
        var duration: Rational
        var bytes: Data
    }

    struct Chapter: Equatable {
        var start: Rational
        var end: Rational
        var title: String?
    }

    struct CannotRead: Error {
        var path: String
        var call: String
    }

    let container: String
    let duration: Rational?
    let title: String?
    /// As the first stream states it.
    let timecode: String?
    let chapters: [Chapter]
    let streams: [Stream]

    init(_ file: URL) throws {
        var opened: UnsafeMutablePointer<AVFormatContext>?
        guard avformat_open_input(&opened, file.path, nil, nil) >= 0, let context = opened else {
            throw CannotRead(path: file.path, call: "avformat_open_input")
        }
        defer { avformat_close_input(&opened) }
        guard avformat_find_stream_info(context, nil) >= 0 else {
            throw CannotRead(path: file.path, call: "avformat_find_stream_info")
        }
        container = String(cString: context.pointee.iformat.pointee.name)
        duration =
            context.pointee.duration == cffmpeg_no_timestamp
            ? nil : Rational(context.pointee.duration, Int64(AV_TIME_BASE))
        title = Self.entry("title", context.pointee.metadata)
        timecode =
            context.pointee.nb_streams == 0
            ? nil : Self.entry("timecode", context.pointee.streams[0]!.pointee.metadata)
        chapters = (0..<Int(context.pointee.nb_chapters)).map { index in
            let chapter = context.pointee.chapters[index]!.pointee
            return Chapter(
                start: Self.seconds(chapter.start, chapter.time_base)!,
                end: Self.seconds(chapter.end, chapter.time_base)!,
                title: Self.entry("title", chapter.metadata))
        }
        var streams = (0..<Int(context.pointee.nb_streams)).map { index in
            Self.describe(context.pointee.streams[index]!)
        }
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        while let read = packet, av_read_frame(context, read) >= 0 {
            let index = Int(read.pointee.stream_index)
            let base = context.pointee.streams[index]!.pointee.time_base
            streams[index].packets.append(
                Packet(
                    time: Self.seconds(read.pointee.pts, base),
                    duration: Self.seconds(read.pointee.duration, base) ?? .zero,
                    bytes: Data(bytes: read.pointee.data, count: Int(read.pointee.size))))
            av_packet_unref(read)
        }
        self.streams = streams
    }

    /// Of each frame of the video, whether its upper field is first; nil for those that are not made of fields.
    static func fields(of file: URL) throws -> [Bool?] {
        var opened: UnsafeMutablePointer<AVFormatContext>?
        guard avformat_open_input(&opened, file.path, nil, nil) >= 0, let context = opened,
            avformat_find_stream_info(context, nil) >= 0, let stream = context.pointee.streams[0],
            let codec = avcodec_find_decoder(stream.pointee.codecpar.pointee.codec_id)
        else { throw CannotRead(path: file.path, call: "avformat_open_input") }
        defer { avformat_close_input(&opened) }
        var decoder = avcodec_alloc_context3(codec)
        defer { avcodec_free_context(&decoder) }
        guard avcodec_parameters_to_context(decoder, stream.pointee.codecpar) >= 0,
            avcodec_open2(decoder, codec, nil) >= 0
        else { throw CannotRead(path: file.path, call: "avcodec_open2") }
        var (packet, frame) = (av_packet_alloc(), av_frame_alloc())
        defer {
            av_packet_free(&packet)
            av_frame_free(&frame)
        }
        var fields: [Bool?] = []
        var hasEnded = false
        while !hasEnded {
            hasEnded = av_read_frame(context, packet!) < 0
            avcodec_send_packet(decoder, hasEnded ? nil : packet)
            av_packet_unref(packet!)
            while avcodec_receive_frame(decoder, frame) >= 0 {
                fields.append(
                    cffmpeg_frame_is_interlaced(frame) ? cffmpeg_frame_is_top_field_first(frame) : nil)
            }
        }
        return fields
    }

    var video: Stream { streams.first { $0.kind == .video }! }
    func streams(_ kind: Kind) -> [Stream] { streams.filter { $0.kind == kind } }

    /// When the video's packets are shown, in that order.
    var videoTimes: [Rational] { video.packets.compactMap(\.time).sorted() }

    private static func describe(_ pointer: UnsafeMutablePointer<AVStream>) -> Stream {
        let stream = pointer.pointee
        let parameters = stream.codecpar.pointee
        let kind: Kind =
            switch parameters.codec_type {
            case AVMEDIA_TYPE_VIDEO: .video
            case AVMEDIA_TYPE_AUDIO: .audio
            case AVMEDIA_TYPE_SUBTITLE: .subtitle
            case AVMEDIA_TYPE_DATA: .data
            case AVMEDIA_TYPE_ATTACHMENT: .attachment
            default: .other
            }
        return Stream(
            kind: kind, codec: String(cString: avcodec_get_name(parameters.codec_id)),
            language: entry("language", stream.metadata), disposition: stream.disposition,
            duration: seconds(stream.duration, stream.time_base),
            sampleAspectRatio: "\(stream.sample_aspect_ratio.num):\(stream.sample_aspect_ratio.den)",
            colours: [
                parameters.color_primaries.rawValue, parameters.color_trc.rawValue,
                parameters.color_space.rawValue, parameters.color_range.rawValue,
            ],
            sideData: (0..<cffmpeg_side_data_count(pointer)).reduce(into: [:]) { result, index in
                let item = cffmpeg_side_data(pointer, index)
                result[item.type.rawValue] = Data(bytes: item.data, count: item.size)
            },
            packets: [])
    }

    private static func seconds(_ ticks: Int64, _ base: AVRational) -> Rational? {
        ticks == cffmpeg_no_timestamp ? nil : Rational(ticks) * Rational(Int64(base.num), Int64(base.den))
    }

    private static func entry(_ key: String, _ metadata: OpaquePointer?) -> String? {
        av_dict_get(metadata, key, nil, 0).map { String(cString: $0.pointee.value) }
    }
}
