import CFFmpeg
import Foundation
import Media
import Timing

/// Makes a long clip that costs little: one picture throughout, with sound beside it.
enum StillClip {
    struct Failed: Error {
        var call: String
        var code: Int32
    }

    /// Writes `frames` pictures of 64×64 at 24000/1001 frames a second, and PCM sound of 8000 samples a second, as QuickTime,
    /// which counts both clocks exactly.
    static func write(_ file: URL, frames: Int, in folder: TemporaryFolder) throws {
        let (picture, video) = (folder["picture.y4m"], folder["video.mov"])
        try Clips.writeY4M(picture, width: 64, height: 64, frames: 1) { x, y, _ in UInt8(40 + 2 * x + y) }
        let reader = try VideoReader(path: picture.path)
        let unit = Rational(1001, 24_000)
        guard let frame = try reader.nextFrame() else { throw Failed(call: "nextFrame", code: 0) }
        let writer = try VideoWriter(
            path: video.path, copying: reader, first: frame, rate: unit.reciprocal, isConstantRate: true,
            timeBase: unit, settings: EncoderSettings(codec: "libx264", preset: "ultrafast"), overwrite: true,
            inputs: [])
        for index in 0..<frames { try writer.write(frame, at: Rational(Int64(index)) * unit, duration: unit) }
        try writer.finish()
        try addSound(to: video, writing: file, seconds: Int((Rational(Int64(frames)) * unit).rounded))
        for name in [picture, video] { try FileManager.default.removeItem(at: name) }
    }

    private static let rate = 8000

    private static func addSound(to video: URL, writing file: URL, seconds: Int) throws {
        var (input, output): (UnsafeMutablePointer<AVFormatContext>?, UnsafeMutablePointer<AVFormatContext>?)
        try check(avformat_open_input(&input, video.path, nil, nil), "avformat_open_input")
        defer { avformat_close_input(&input) }
        try check(avformat_find_stream_info(input, nil), "avformat_find_stream_info")
        try check(
            avformat_alloc_output_context2(&output, nil, nil, file.path), "avformat_alloc_output_context2")
        guard let input, let output, let source = input.pointee.streams[0],
            let pictures = avformat_new_stream(output, nil), let sound = avformat_new_stream(output, nil)
        else { throw Failed(call: "allocation", code: 0) }
        defer { avformat_free_context(output) }
        try check(avcodec_parameters_copy(pictures.pointee.codecpar, source.pointee.codecpar), "copy")
        pictures.pointee.time_base = source.pointee.time_base
        pictures.pointee.avg_frame_rate = source.pointee.avg_frame_rate
        sound.pointee.codecpar.pointee.codec_type = AVMEDIA_TYPE_AUDIO
        sound.pointee.codecpar.pointee.codec_id = AV_CODEC_ID_PCM_S16LE
        sound.pointee.codecpar.pointee.sample_rate = Int32(rate)
        sound.pointee.codecpar.pointee.bits_per_coded_sample = 16
        sound.pointee.codecpar.pointee.format = AV_SAMPLE_FMT_S16.rawValue
        av_channel_layout_default(&sound.pointee.codecpar.pointee.ch_layout, 1)
        sound.pointee.time_base = AVRational(num: 1, den: Int32(rate))
        try check(avio_open(&output.pointee.pb, file.path, AVIO_FLAG_WRITE), "avio_open")
        defer { avio_closep(&output.pointee.pb) }
        try check(avformat_write_header(output, nil), "avformat_write_header")
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        guard let packet else { throw Failed(call: "av_packet_alloc", code: 0) }
        var written = 0
        while av_read_frame(input, packet) >= 0 {
            let time = av_q2d(source.pointee.time_base) * Double(packet.pointee.dts)
            av_packet_rescale_ts(packet, source.pointee.time_base, pictures.pointee.time_base)
            packet.pointee.stream_index = 0
            try check(av_interleaved_write_frame(output, packet), "av_interleaved_write_frame")
            while written < seconds, Double(written) <= time {
                try writeSecond(written, to: output, sound, packet)
                written += 1
            }
        }
        try check(av_write_trailer(output), "av_write_trailer")
    }

    /// A second of sound that differs from all others.
    private static func writeSecond(
        _ second: Int, to output: UnsafeMutablePointer<AVFormatContext>,
        _ stream: UnsafeMutablePointer<AVStream>,
        _ packet: UnsafeMutablePointer<AVPacket>
    ) throws {
        try check(av_new_packet(packet, Int32(2 * rate)), "av_new_packet")
        let samples = (0..<rate).map { Int16(truncatingIfNeeded: $0 &* (second &* 7 &+ 31)).littleEndian }
        samples.withUnsafeBytes {
            packet.pointee.data.update(
                from: $0.baseAddress!.assumingMemoryBound(to: UInt8.self), count: $0.count)
        }
        packet.pointee.stream_index = 1
        packet.pointee.pts = Int64(second * rate)
        packet.pointee.dts = packet.pointee.pts
        packet.pointee.duration = Int64(rate)
        av_packet_rescale_ts(packet, AVRational(num: 1, den: Int32(rate)), stream.pointee.time_base)
        try check(av_interleaved_write_frame(output, packet), "av_interleaved_write_frame")
    }

    private static func check(_ code: Int32, _ call: String) throws {
        if code < 0 { throw Failed(call: call, code: code) }
    }
}
