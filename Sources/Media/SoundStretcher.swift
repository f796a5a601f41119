import CFFmpeg
import Timing

/// Plays a stream of sound more slowly at its pitch: decodes it, stretches it by libavfilter's `atempo`, encodes it anew.
///
/// The result has as many samples as the input, times the stretch, and what is heard lies where it belongs. `atempo` alone
/// begins half a window late in its input and keeps its last window to itself: so silence is sent ahead of the sound and
/// behind it, and what comes out beyond the end is cut off.
///
/// Not thread-safe: packets come from the reader's thread, and the end when that has ended.
final class SoundStretcher {
    /// What the encoder makes, for the muxer's stream.
    let encoder: UnsafeMutablePointer<AVCodecContext>
    private let input: UnsafeMutablePointer<AVStream>
    private let decoder: UnsafeMutablePointer<AVCodecContext>
    private let timing: CopyTiming
    private var filter: SoundFilter?
    /// The time of the next sample, in samples of the result; nil before the first.
    private var clock: Int64?
    /// Samples that were decoded, and samples of the result.
    private var (decoded, made): (Int64, Int64) = (0, 0)
    /// Packets and frames that could not be used.
    private(set) var damage = 0

    /// Sets decoder and encoder up.
    /// - Parameter codec: What the stretched sound is encoded as.
    init(
        _ input: UnsafeMutablePointer<AVStream>, as codec: AVCodecID, for muxer: Muxer, _ timing: CopyTiming
    ) throws(MediaError) {
        self.input = input
        self.timing = timing
        let parameters = input.parameters
        guard let known = avcodec_find_decoder(parameters.codec_id) else {
            throw .unknownCodec(name: FFmpeg.codecName(parameters.codec_id), kind: "decoder")
        }
        decoder = try FFmpeg.allocated(avcodec_alloc_context3(known), "avcodec_alloc_context3")
        encoder = try FFmpeg.allocated(
            avcodec_alloc_context3(try Self.encoder(codec)),
            "avcodec_alloc_context3")
        try FFmpeg.check(
            avcodec_parameters_to_context(decoder, input.pointee.codecpar), "avcodec_parameters_to_context",
            input.name)
        decoder.pointee.pkt_timebase = input.pointee.time_base
        try FFmpeg.explain("avcodec_open2", "\(input.name): decoder") { avcodec_open2(decoder, known, nil) }
        guard cffmpeg_describe_sound(encoder, decoder) >= 0 else {
            throw .noEncoder(codec: "sound like \(input.name)")
        }
        encoder.pointee.bit_rate = parameters.bit_rate > 0 ? parameters.bit_rate : 0
        if muxer.has(AVFMT_GLOBALHEADER) { encoder.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
        try FFmpeg.explain("avcodec_open2", "\(input.name): encoder") {
            avcodec_open2(encoder, encoder.pointee.codec, nil)
        }
    }

    deinit {
        var (decoder, encoder):
            (UnsafeMutablePointer<AVCodecContext>?, UnsafeMutablePointer<AVCodecContext>?) =
                (decoder, encoder)
        avcodec_free_context(&decoder)
        avcodec_free_context(&encoder)
    }

    private static func encoder(_ codec: AVCodecID) throws(MediaError) -> UnsafePointer<AVCodec> {
        guard let encoder = avcodec_find_encoder(codec) else {
            throw .noEncoder(codec: FFmpeg.codecName(codec))
        }
        return encoder
    }

    /// Takes a packet of the input, with its own times.
    func put(_ packet: Packet, _ output: (Packet) throws -> Void) throws {
        let code = avcodec_send_packet(decoder, packet.pointer)
        if code < 0 { damage += 1 }
        try decode(output)
    }

    /// Gives out all that is still held.
    func finish(_ output: (Packet) throws -> Void) throws {
        avcodec_send_packet(decoder, nil)
        try decode(output)
        if let filter { try end(filter, output) }
        try encode(nil, output)
    }

    /// Gives out what the filter holds of the sound, to the sample.
    private func end(_ filter: SoundFilter, _ output: (Packet) throws -> Void) throws {
        let rates = Rational(Int64(encoder.pointee.sample_rate), Int64(filter.rate))
        let length = (Rational(decoded) * timing.stretch * rates).rounded
        // Each of the filters in the chain holds back less than a tenth of a second.
        let greatest = Int64(filter.rate) * Int64(filter.count)
        var silent: Int64 = 0
        while made < length, silent < greatest {
            let silence = try filter.silence(1024)
            silent += 1024
            try filter.send(silence)
            try drain(filter, upTo: length, output)
        }
        try filter.send(nil)
        try drain(filter, upTo: length, output)
    }

    private func decode(_ output: (Packet) throws -> Void) throws {
        while true {
            let frame = try VideoFrame()
            let code = avcodec_receive_frame(decoder, frame.pointer)
            if code == FFmpeg.again || code == FFmpeg.endOfFile { return }
            if code < 0 {
                damage += 1
                return
            }
            if filter == nil {
                filter = try SoundFilter(tempo: timing.stretch.reciprocal, frame, encoder)
                let base = TimeBase(input.pointee.time_base)
                let time = base.time(frame.pointer.pointee.best_effort_timestamp) ?? timing.start
                clock = (timing.output(time) * Rational(Int64(encoder.pointee.sample_rate))).rounded
                if let filter, filter.lead > 0 { try filter.send(filter.silence(filter.lead)) }
            }
            guard let filter, filter.takes(frame) else {
                // Sound whose format changes midway goes on in the first one where it returns to it.
                damage += 1
                continue
            }
            decoded += Int64(frame.pointer.pointee.nb_samples)
            try filter.send(frame)
            try drain(filter, upTo: .max, output)
        }
    }

    /// Encodes what the filter has ready, up to a number of samples of the whole result.
    private func drain(_ filter: SoundFilter, upTo length: Int64, _ output: (Packet) throws -> Void) throws {
        while let frame = try filter.receive() {
            let count = min(Int64(frame.pointer.pointee.nb_samples), length - made)
            if count <= 0 { continue }
            frame.pointer.pointee.nb_samples = Int32(count)
            frame.pointer.pointee.pts = clock ?? 0
            clock = (clock ?? 0) + count
            made += count
            try encode(frame, output)
        }
    }

    private func encode(_ frame: VideoFrame?, _ output: (Packet) throws -> Void) throws {
        try FFmpeg.check(avcodec_send_frame(encoder, frame?.pointer), "avcodec_send_frame", input.name)
        while true {
            let packet = try Packet()
            let code = avcodec_receive_packet(encoder, packet.pointer)
            if code == FFmpeg.again || code == FFmpeg.endOfFile { return }
            try FFmpeg.check(code, "avcodec_receive_packet", input.name)
            try output(packet)
        }
    }
}

/// A chain of `atempo` filters between decoded sound and an encoder.
private final class SoundFilter {
    private let graph: UnsafeMutablePointer<AVFilterGraph>
    private let source: UnsafeMutablePointer<AVFilterContext>
    private let sink: UnsafeMutablePointer<AVFilterContext>
    private let arguments: String
    /// A frame of the sound that is sent, for its format.
    private let model: VideoFrame
    /// Filters that change the tempo, one behind the other.
    let count: Int
    /// Samples of the input that the chain leaves out at its beginning.
    let lead: Int32

    /// - Parameter tempo: How fast the sound is played, above zero; one filter slows down to a half at most.
    init(tempo: Rational, _ frame: VideoFrame, _ encoder: UnsafeMutablePointer<AVCodecContext>)
        throws(MediaError)
    {
        arguments = Self.describe(frame)
        model = try VideoFrame()
        try FFmpeg.check(av_frame_ref(model.pointer, frame.pointer), "av_frame_ref", "sound")
        let graph = try FFmpeg.allocated(avfilter_graph_alloc(), "avfilter_graph_alloc")
        do {
            var last = try Self.make("abuffer", arguments, graph)
            source = last
            var chain: [(name: String, options: String?)] = []
            var rest = tempo
            while rest < Rational(1, 2) {
                chain.append(("atempo", "0.5"))
                rest = rest * Rational(2)
            }
            if rest != Rational(1) { chain.append(("atempo", String(rest.doubleValue))) }
            count = chain.count
            lead = Self.lead(of: chain.count, tempo: tempo, rate: frame.pointer.pointee.sample_rate)
            chain.append(("aformat", Self.format(of: encoder)))
            for (name, options) in chain + [("abuffersink", nil)] {
                let next = try Self.make(name, options, graph)
                try FFmpeg.check(avfilter_link(last, 0, next, 0), "avfilter_link", "filter \(name)")
                last = next
            }
            sink = last
            try FFmpeg.explain("avfilter_graph_config", "filter atempo") { avfilter_graph_config(graph, nil) }
        } catch {
            var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
            avfilter_graph_free(&graph)
            throw error
        }
        self.graph = graph
        if encoder.pointee.frame_size > 0 {
            av_buffersink_set_frame_size(sink, UInt32(encoder.pointee.frame_size))
        }
    }

    deinit {
        var graph: UnsafeMutablePointer<AVFilterGraph>? = graph
        avfilter_graph_free(&graph)
    }

    func takes(_ frame: VideoFrame) -> Bool { Self.describe(frame) == arguments }

    func send(_ frame: VideoFrame?) throws(MediaError) {
        try FFmpeg.check(av_buffersrc_add_frame(source, frame?.pointer), "av_buffersrc_add_frame", "sound")
    }

    /// What a chain of filters leaves out of its input. The output of each begins with the middle of its first window, which
    /// `atempo` makes as long as the power of two behind a 24th of a second; all but the last halve the tempo.
    private static func lead(of count: Int, tempo: Rational, rate: Int32) -> Int32 {
        var window: Int64 = 1
        while window < Int64(rate / 24) { window *= 2 }
        var (share, left) = (Rational(1), Rational.zero)
        for index in 0..<count {
            share = index + 1 < count ? share * Rational(1, 2) : tempo
            left = left + share * Rational(window / 2)
        }
        return Int32(clamping: left.rounded)
    }

    /// Samples a second of the sound that is sent.
    var rate: Int32 { model.pointer.pointee.sample_rate }

    /// So many samples of silence, like the sound that is sent.
    func silence(_ samples: Int32) throws(MediaError) -> VideoFrame {
        let frame = try VideoFrame()
        let (pointer, like) = (frame.pointer, model.pointer)
        pointer.pointee.format = like.pointee.format
        pointer.pointee.sample_rate = like.pointee.sample_rate
        pointer.pointee.nb_samples = samples
        try FFmpeg.check(
            av_channel_layout_copy(&pointer.pointee.ch_layout, &like.pointee.ch_layout),
            "av_channel_layout_copy", "sound")
        try FFmpeg.check(av_frame_get_buffer(pointer, 0), "av_frame_get_buffer", "sound")
        try FFmpeg.check(
            av_samples_set_silence(
                pointer.pointee.extended_data, 0, samples, pointer.pointee.ch_layout.nb_channels,
                AVSampleFormat(rawValue: pointer.pointee.format)), "av_samples_set_silence", "sound")
        return frame
    }

    /// The next stretched samples; nil where more input is needed, and at the end.
    func receive() throws(MediaError) -> VideoFrame? {
        let frame = try VideoFrame()
        let code = av_buffersink_get_frame(sink, frame.pointer)
        if code == FFmpeg.again || code == FFmpeg.endOfFile { return nil }
        try FFmpeg.check(code, "av_buffersink_get_frame", "sound")
        return frame
    }

    private static func make(
        _ name: String, _ options: String?, _ graph: UnsafeMutablePointer<AVFilterGraph>
    ) throws(MediaError) -> UnsafeMutablePointer<AVFilterContext> {
        var made: UnsafeMutablePointer<AVFilterContext>?
        try FFmpeg.explain("avfilter_graph_create_filter", "filter \(name)") {
            avfilter_graph_create_filter(&made, avfilter_get_by_name(name), nil, options, nil, graph)
        }
        return try FFmpeg.allocated(made, "avfilter_graph_create_filter")
    }

    private static func describe(_ frame: VideoFrame) -> String {
        let rate = frame.pointer.pointee.sample_rate
        return "time_base=1/\(rate):sample_rate=\(rate):"
            + "sample_fmt=\(sampleFormat(frame.pointer.pointee.format)):"
            + "channel_layout=\(layout(&frame.pointer.pointee.ch_layout))"
    }

    private static func format(of encoder: UnsafeMutablePointer<AVCodecContext>) -> String {
        "sample_fmts=\(sampleFormat(encoder.pointee.sample_fmt.rawValue)):"
            + "sample_rates=\(encoder.pointee.sample_rate):"
            + "channel_layouts=\(layout(&encoder.pointee.ch_layout))"
    }

    private static func sampleFormat(_ format: Int32) -> String {
        FFmpeg.string(av_get_sample_fmt_name(AVSampleFormat(rawValue: format))) ?? "none"
    }

    private static func layout(_ layout: UnsafePointer<AVChannelLayout>) -> String {
        var text = [CChar](repeating: 0, count: 256)
        av_channel_layout_describe(layout, &text, text.count)
        return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
}
