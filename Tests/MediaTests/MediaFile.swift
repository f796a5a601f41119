import CFFmpeg
import Foundation

/// A media file as libavformat alone reads it: what tests compare the writer's results with.
struct MediaFile {
    struct Packet: Equatable {
        var pts: Int64
        var dts: Int64
        var duration: Int64
        var bytes: [UInt8]
    }

    struct Stream {
        var type: AVMediaType
        var codec: String
        var timeBase: Double
        var start: Double
        /// What the container states as the stream's duration, in seconds; nil where it does not.
        var statedLength: Double?
        var disposition: Int32
        var metadata: [String: String]
        var parameters: Parameters
        var sideData: [UInt32: [UInt8]]
        var extradata: [UInt8]
        var packets: [Packet] = []

        /// Times of packets in seconds, in the order they are shown.
        var times: [Double] { packets.map { Double($0.pts) * timeBase }.sorted() }
        /// The stated length, or where the last packet ends, less where the first one begins.
        var length: Double {
            if let statedLength { return statedLength }
            let begin = packets.map(\.pts).min() ?? 0
            let end = packets.map { $0.pts + $0.duration }.max() ?? 0
            return Double(end - begin) * timeBase
        }
    }

    struct Parameters: Equatable {
        var width: Int32
        var height: Int32
        var format: String
        var primaries: UInt32
        var transfer: UInt32
        var matrix: UInt32
        var range: UInt32
        var aspect: Double
    }

    struct Chapter: Equatable {
        var start: Double
        var end: Double
        var title: String?
    }

    var container: String
    var duration: Double
    var metadata: [String: String]
    var chapters: [Chapter]
    var streams: [Stream]

    struct Unreadable: Error {
        var path: String
        var code: Int32
    }

    init(_ path: String) throws {
        var opened: UnsafeMutablePointer<AVFormatContext>?
        var code = avformat_open_input(&opened, path, nil, nil)
        guard code >= 0, let context = opened else { throw Unreadable(path: path, code: code) }
        defer { avformat_close_input(&opened) }
        code = avformat_find_stream_info(context, nil)
        guard code >= 0 else { throw Unreadable(path: path, code: code) }
        let file = context.pointee
        container = String(cString: file.iformat.pointee.name)
        duration = Double(file.duration) / Double(AV_TIME_BASE)
        metadata = Self.dictionary(file.metadata)
        chapters = (0..<Int(file.nb_chapters)).map { index in
            let chapter = file.chapters[index]!.pointee
            let unit = av_q2d(chapter.time_base)
            return Chapter(
                start: Double(chapter.start) * unit, end: Double(chapter.end) * unit,
                title: Self.dictionary(chapter.metadata)["title"])
        }
        streams = (0..<Int(file.nb_streams)).map { Self.stream(file.streams[$0]!) }
        let packet = av_packet_alloc()
        defer {
            var packet = packet
            av_packet_free(&packet)
        }
        while av_read_frame(context, packet) >= 0 {
            let read = packet!.pointee
            streams[Int(read.stream_index)].packets.append(
                Packet(
                    pts: read.pts, dts: read.dts, duration: read.duration,
                    bytes: Array(UnsafeBufferPointer(start: read.data, count: Int(read.size)))))
            av_packet_unref(packet)
        }
    }

    private static func stream(_ pointer: UnsafeMutablePointer<AVStream>) -> Stream {
        let stream = pointer.pointee
        let codec = stream.codecpar.pointee
        var sideData: [UInt32: [UInt8]] = [:]
        for index in 0..<cffmpeg_side_data_count(pointer) {
            let item = cffmpeg_side_data(pointer, Int32(index))
            sideData[item.type.rawValue] = Array(UnsafeBufferPointer(start: item.data, count: item.size))
        }
        let format = AVPixelFormat(rawValue: codec.format)
        let isVideo = codec.codec_type == AVMEDIA_TYPE_VIDEO
        return Stream(
            type: codec.codec_type, codec: String(cString: avcodec_get_name(codec.codec_id)),
            timeBase: av_q2d(stream.time_base),
            start: stream.start_time == cffmpeg_no_timestamp
                ? 0 : Double(stream.start_time) * av_q2d(stream.time_base),
            statedLength: stream.duration == cffmpeg_no_timestamp
                ? nil : Double(stream.duration) * av_q2d(stream.time_base),
            disposition: stream.disposition, metadata: dictionary(stream.metadata),
            parameters: Parameters(
                width: codec.width, height: codec.height,
                format: isVideo ? av_get_pix_fmt_name(format).map { String(cString: $0) } ?? "" : "",
                primaries: codec.color_primaries.rawValue, transfer: codec.color_trc.rawValue,
                matrix: codec.color_space.rawValue, range: codec.color_range.rawValue,
                aspect: codec.sample_aspect_ratio.num == 0 ? 1 : av_q2d(codec.sample_aspect_ratio)),
            sideData: sideData,
            extradata: Array(UnsafeBufferPointer(start: codec.extradata, count: Int(codec.extradata_size))))
    }

    private static func dictionary(_ source: OpaquePointer?) -> [String: String] {
        var result: [String: String] = [:]
        var entry: UnsafeMutablePointer<AVDictionaryEntry>?
        while true {
            entry = av_dict_get(source, "", entry, AV_DICT_IGNORE_SUFFIX)
            guard let found = entry?.pointee else { return result }
            result[String(cString: found.key)] = String(cString: found.value)
        }
    }
}
