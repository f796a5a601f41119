import CFFmpeg
import Foundation
import Media
import Timing

/// Makes files of several streams from files of one, by FFmpeg's muxers alone.
enum Remux {
    struct Failed: Error {
        var call: String
        var code: Int32
    }

    /// Writes all streams of all files into one, packets and times as they are; the first stream gets the metadata.
    static func combine(
        _ files: [URL], into file: URL, metadata: [String: String] = [:], ofFile: Bool = false
    )
        throws
    {
        var output: UnsafeMutablePointer<AVFormatContext>?
        try check(
            avformat_alloc_output_context2(&output, nil, nil, file.path), "avformat_alloc_output_context2")
        guard let output else { throw Failed(call: "allocation", code: 0) }
        defer { avformat_free_context(output) }
        var inputs: [UnsafeMutablePointer<AVFormatContext>?] = []
        defer { for index in inputs.indices { avformat_close_input(&inputs[index]) } }
        for source in files {
            var input: UnsafeMutablePointer<AVFormatContext>?
            try check(avformat_open_input(&input, source.path, nil, nil), "avformat_open_input")
            inputs.append(input)
            try check(avformat_find_stream_info(input, nil), "avformat_find_stream_info")
            for index in 0..<Int(input!.pointee.nb_streams) {
                guard let stream = avformat_new_stream(output, nil) else {
                    throw Failed(call: "avformat_new_stream", code: 0)
                }
                let from = input!.pointee.streams[index]!
                try check(avcodec_parameters_copy(stream.pointee.codecpar, from.pointee.codecpar), "copy")
                stream.pointee.codecpar.pointee.codec_tag = 0
                stream.pointee.time_base = from.pointee.time_base
                stream.pointee.avg_frame_rate = from.pointee.avg_frame_rate
            }
        }
        for (key, value) in metadata {
            if ofFile {
                try check(av_dict_set(&output.pointee.metadata, key, value, 0), "av_dict_set")
            } else {
                try check(
                    av_dict_set(&output.pointee.streams[0]!.pointee.metadata, key, value, 0), "av_dict_set")
            }
        }
        try check(avio_open(&output.pointee.pb, file.path, AVIO_FLAG_WRITE), "avio_open")
        defer { avio_closep(&output.pointee.pb) }
        try check(avformat_write_header(output, nil), "avformat_write_header")
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        guard let packet else { throw Failed(call: "av_packet_alloc", code: 0) }
        var first: Int32 = 0
        for input in inputs {
            while av_read_frame(input, packet) >= 0 {
                let from = input!.pointee.streams[Int(packet.pointee.stream_index)]!.pointee.time_base
                packet.pointee.stream_index += first
                let to = output.pointee.streams[Int(packet.pointee.stream_index)]!.pointee.time_base
                av_packet_rescale_ts(packet, from, to)
                try check(av_interleaved_write_frame(output, packet), "av_interleaved_write_frame")
            }
            first += Int32(input!.pointee.nb_streams)
        }
        try check(av_write_trailer(output), "av_write_trailer")
    }

    /// Encodes a clip of noise-free pictures that move, by an encoder that is named, as 25 frames a second.
    static func encode(
        _ file: URL, width: Int, height: Int, frames: Int, settings: EncoderSettings,
        in folder: TemporaryFolder
    ) throws {
        let raw = folder["remux-\(UUID().uuidString).y4m"]
        try Clips.writeY4M(raw, width: width, height: height, frames: frames) { x, y, frame in
            UInt8(truncatingIfNeeded: 60 + 2 * (x + frame) + (y / 4 + frame) % 9 * 5)
        }
        let reader = try VideoReader(path: raw.path)
        guard let opening = reader.firstFrame else { throw Failed(call: "firstFrame", code: 0) }
        let writer = try VideoWriter(
            path: file.path, copying: reader, first: opening, rate: Rational(25), isConstantRate: true,
            timeBase: Rational(1, 25), settings: settings, overwrite: true, inputs: [])
        while let frame = try reader.nextFrame() {
            try writer.write(frame, at: frame.time, duration: frame.duration)
        }
        try writer.finish()
        try FileManager.default.removeItem(at: raw)
    }

    private static func check(_ code: Int32, _ call: String) throws {
        if code < 0 { throw Failed(call: call, code: code) }
    }
}
