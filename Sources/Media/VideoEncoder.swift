import CFFmpeg
import Timing

/// Encodes frames of one size and format.
final class VideoEncoder {
    let context: UnsafeMutablePointer<AVCodecContext>
    let timeBase: TimeBase
    /// What a user should know of the set-up.
    private(set) var notes: [String] = []
    private let name: String
    private var scaler: Scaler?
    private lazy var lightConverter = LightConverter()
    private lazy var paletteConverter = PaletteConverter()
    /// Durations of frames whose packets have not come out yet, by timestamp: encoders do not hand them through.
    private var durations: [Int64: Int64] = [:]
    /// The last frame's time, in ticks.
    private(set) var lastTimestamp: Int64?
    /// Frames that the encoder took.
    private(set) var taken = 0
    /// Of those, frames whose packets have come out and were passed on. Packets that show nothing do not count.
    private(set) var passedOn = 0
    /// Frames that fell onto the tick of the one before, in containers that only hold a constant rate.
    private(set) var dropped = 0
    /// Ticks without a frame, where several follow one another as one.
    private(set) var gaps = 0

    /// What the video is like, as far as an encoder must know it.
    struct Source {
        var first: VideoFrame
        var timeBase: TimeBase
        var frameRate: Rational
        var isConstantRate = false
        var sampleAspectRatio: AVRational
        var needsGlobalHeader: Bool
        /// Whether the container stores decoding order and times, as reordered frames need.
        var allowsReordering: Bool
        /// The pixel formats that the container takes; nil where it leaves that to the encoder.
        var containerFormats: [AVPixelFormat]?
    }

    /// Sets the encoder up in the first pixel format that it accepts for the size.
    init(_ codec: UnsafePointer<AVCodec>, _ source: Source, _ settings: EncoderSettings) throws(MediaError) {
        name = FFmpeg.string(codec.pointee.name) ?? "?"
        timeBase = source.timeBase
        let choices = try EncoderChoice.pixelFormats(
            for: source.first, codec, within: source.containerFormats, settings)
        var (opened, failure): (UnsafeMutablePointer<AVCodecContext>?, MediaError?)
        for (format, note) in choices where opened == nil {
            do throws(MediaError) {
                opened = try Self.open(codec, source, format, settings)
                notes = [note, Self.lossOfLevels(source.first, format, name)].compactMap(\.self)
            } catch {
                // The first choice is what the user expects, and its failure what they should read.
                failure = failure ?? error
            }
        }
        guard let opened else {
            throw failure ?? .noEncoder(codec: FFmpeg.codecName(codec.pointee.id))
        }
        context = opened
    }

    /// HDR's curves spread many more levels than eight bits hold.
    private static func lossOfLevels(_ frame: VideoFrame, _ format: AVPixelFormat, _ encoder: String)
        -> String?
    {
        guard let transfer = frame.colours.transfer, frame.isHDR, frame.format.depth > 8, format.depth <= 8
        else { return nil }
        return
            "encoder \(encoder): the picture is HDR (\(transfer)), and the 8 bits of \(format.name) lose most of its levels; "
            + "formats of 10 bits or more keep them"
    }

    private static func open(
        _ codec: UnsafePointer<AVCodec>, _ source: Source, _ format: AVPixelFormat,
        _ settings: EncoderSettings
    ) throws(MediaError) -> UnsafeMutablePointer<AVCodecContext> {
        let context = try FFmpeg.allocated(avcodec_alloc_context3(codec), "avcodec_alloc_context3")
        do {
            describe(source, format, in: context)
            try open(context, codec, source, settings)
            return context
        } catch {
            var context: UnsafeMutablePointer<AVCodecContext>? = context
            avcodec_free_context(&context)
            throw error
        }
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&context)
    }

    private static func describe(
        _ source: Source, _ format: AVPixelFormat, in context: UnsafeMutablePointer<AVCodecContext>
    ) {
        let frame = source.first.pointer.pointee
        context.pointee.width = frame.width
        context.pointee.height = frame.height
        context.pointee.pix_fmt = format
        context.pointee.time_base = source.timeBase.ffmpeg
        context.pointee.framerate = source.frameRate.ffmpeg
        context.pointee.sample_aspect_ratio = source.sampleAspectRatio
        context.pointee.color_primaries = frame.color_primaries
        context.pointee.color_trc = frame.color_trc
        context.pointee.colorspace = frame.colorspace
        context.pointee.color_range = frame.color_range
        context.pointee.chroma_sample_location = frame.chroma_location
        if source.first.format.isRGB != format.isRGB {
            // The frames' own matrix ends with the conversion; the new one is what `ColourProperties` assumes for the size.
            context.pointee.colorspace =
                format.isRGB ? AVCOL_SPC_RGB : (frame.height < 720 ? AVCOL_SPC_SMPTE170M : AVCOL_SPC_BT709)
            context.pointee.color_range =
                format.isRGB || format.isFullRangeByName ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
            context.pointee.chroma_sample_location =
                format.isRGB ? AVCHROMA_LOC_UNSPECIFIED : AVCHROMA_LOC_LEFT
        }
        if let curve = source.first.curve(in: format) { context.pointee.color_trc = curve }
        if source.containerFormats != nil, format.chromaShift == (1, 1),
            frame.chroma_location == AVCHROMA_LOC_UNSPECIFIED
        {
            // YUV4MPEG must name a place, and without one says the middle: the next program is to assume what this one does.
            context.pointee.chroma_sample_location = ColourProperties(source.first).chromaLocation
        }
        if format.isFullRangeByName { context.pointee.color_range = AVCOL_RANGE_JPEG }
        if context.pointee.codec_id == AV_CODEC_ID_MJPEG, !format.isRGB {
            // What JFIF says, and JPEG files have no place to say otherwise.
            context.pointee.colorspace = AVCOL_SPC_BT470BG
            context.pointee.chroma_sample_location = AVCHROMA_LOC_CENTER
        }
        if Fields.areCoded(of: source.first, by: context) {
            context.pointee.flags |= AV_CODEC_FLAG_INTERLACED_DCT | AV_CODEC_FLAG_INTERLACED_ME
        }
        context.pointee.field_order = Fields.order(of: source.first)
        context.pointee.thread_count = 0
        if source.needsGlobalHeader { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
        if !source.allowsReordering { context.pointee.max_b_frames = 0 }
    }

    /// Applies the options and opens the encoder; an option it does not know is an error that names it.
    private static func open(
        _ context: UnsafeMutablePointer<AVCodecContext>, _ codec: UnsafePointer<AVCodec>, _ source: Source,
        _ settings: EncoderSettings
    ) throws(MediaError) {
        let name = FFmpeg.string(codec.pointee.name) ?? "?"
        // It writes past its buffers then (seen in x265 3.5).
        if name == "libx265", context.pointee.width < 64 {
            throw .pictureTooSmall(width: source.first.width, height: source.first.height, encoder: name)
        }
        let defaults = EncoderDefaults.options(
            for: name, source.first, isConstantRate: source.isConstantRate, settings)
        for (key, value) in defaults { av_opt_set(context, key, value, AV_OPT_SEARCH_CHILDREN) }
        if !settings.statesQuality { EncoderDefaults.applyQuantizer(context) }
        let own = context.pointee
        for option in settings.allOptions {
            try EncoderOptionCheck.check(option, for: name, context, among: settings.allOptions)
            // A list of the encoder library's own parameters adds to ours: later ones win.
            let base = option.key.hasSuffix("-params") ? defaults.first { $0.0 == option.key }?.1 : nil
            let value = (base.map { $0 + ":" } ?? "") + option.value
            let code = av_opt_set(context, option.key, value, AV_OPT_SEARCH_CHILDREN)
            if code == cffmpeg_error_option_not_found {
                throw .unknownEncoderOption(name: option.key, encoder: name)
            }
            if code < 0 {
                throw .invalidEncoderOption(
                    name: option.key, value: option.value, encoder: name,
                    accepted: EncoderOptionCheck.accepted(option.key, in: context))
            }
            let now = context.pointee
            // What the frames are is not the user's to say.
            guard now.width == own.width, now.height == own.height, now.pix_fmt == own.pix_fmt,
                av_cmp_q(now.time_base, own.time_base) == 0
            else { throw .unknownEncoderOption(name: option.key, encoder: name) }
        }
        FFmpegLog.beginParameters()
        try FFmpeg.explain("avcodec_open2", "encoder \(name)") { avcodec_open2(context, codec, nil) }
        if settings.options.contains(where: { $0.key.hasSuffix("-params") }),
            let reason = FFmpegLog.takeParameters()
        {
            throw .invalidEncoderParameters(encoder: name, reason: reason)
        }
    }

    /// Encodes a frame, unless it falls onto the same tick as the one before.
    func encode(_ frame: VideoFrame, at time: Rational, duration: Rational, _ output: (Packet) throws -> Void)
        throws
    {
        let timestamp = timeBase.ticks(time)
        if let lastTimestamp, timestamp <= lastTimestamp {
            dropped += 1
            return
        }
        if let lastTimestamp, timestamp - 1 > lastTimestamp { gaps += 1 }
        lastTimestamp = timestamp
        let picture = try picture(from: frame)
        picture.pointer.pointee.pts = timestamp
        picture.pointer.pointee.pict_type = AV_PICTURE_TYPE_NONE
        // The difference of rounded instants, so that durations add up to the rounded end.
        let ticks = max(1, timeBase.ticks(time + duration) &- timestamp)
        cffmpeg_set_frame_duration(picture.pointer, ticks)
        durations[timestamp] = ticks
        let code = try FFmpeg.explainWriting("avcodec_send_frame", "encoder \(name)") {
            avcodec_send_frame(context, picture.pointer)
        }
        // All packets were taken: that it takes no frame is no state that it may be in.
        try FFmpeg.check(code, "avcodec_send_frame", "encoder \(name)")
        taken += 1
        try drain(output)
    }

    /// Says when the frame before the first is shown, which another encoder has encoded.
    func follow(_ timestamp: Int64?) { lastTimestamp = timestamp }

    /// Encodes what the encoder still holds.
    func finish(_ output: (Packet) throws -> Void) throws {
        let code = try FFmpeg.explainWriting("avcodec_send_frame", "encoder \(name)") {
            avcodec_send_frame(context, nil)
        }
        if code != FFmpeg.endOfFile { try FFmpeg.check(code, "avcodec_send_frame", "encoder \(name)") }
        try drain(output)
    }

    private func drain(_ output: (Packet) throws -> Void) throws {
        while true {
            let packet = try Packet()
            let code = try FFmpeg.explainWriting("avcodec_receive_packet", "encoder \(name)") {
                avcodec_receive_packet(context, packet.pointer)
            }
            if code == FFmpeg.again || code == FFmpeg.endOfFile { return }
            let duration = durations.removeValue(forKey: packet.pointer.pointee.pts)
            if let duration { packet.pointer.pointee.duration = duration }
            try output(packet)
            if duration != nil { passedOn += 1 }
        }
    }

    /// The frame in the encoder's pixel format: a reference to the same pixels where nothing must be converted.
    private func picture(from frame: VideoFrame) throws -> VideoFrame {
        let format = context.pointee.pix_fmt
        guard format == AV_PIX_FMT_PAL8 else { return try picture(from: frame, in: format) }
        return try paletteConverter.convert(picture(from: frame, in: PaletteConverter.inputFormat))
    }

    private func picture(from frame: VideoFrame, in format: AVPixelFormat) throws -> VideoFrame {
        let isSame =
            frame.format == format || (frame.format.hasLayout(of: format) && frame.hasRange(of: format))
        let isJPEG = context.pointee.codec_id == AV_CODEC_ID_MJPEG && !format.isRGB
        if isSame, !isJPEG || ColourProperties(frame).matrix == SWS_CS_ITU601 {
            let reference = try VideoFrame(time: frame.time, duration: frame.duration)
            try FFmpeg.check(av_frame_ref(reference.pointer, frame.pointer), "av_frame_ref", "frame")
            reference.pointer.pointee.format = format.rawValue
            return reference
        }
        let converted = try VideoFrame(like: frame, format: format)
        if frame.format.isRGB != converted.format.isRGB {
            let isRGB = converted.format.isRGB
            converted.pointer.pointee.colorspace = isRGB ? AVCOL_SPC_RGB : context.pointee.colorspace
            converted.pointer.pointee.color_range = isRGB ? AVCOL_RANGE_JPEG : context.pointee.color_range
            converted.pointer.pointee.chroma_location = context.pointee.chroma_sample_location
        } else if isJPEG {
            converted.pointer.pointee.colorspace = context.pointee.colorspace
            converted.pointer.pointee.color_range = AVCOL_RANGE_JPEG
            converted.pointer.pointee.chroma_location = context.pointee.chroma_sample_location
        }
        if let curve = frame.curve(in: converted.format) {
            converted.pointer.pointee.color_trc = curve
            try lightConverter.convert(frame, into: converted)
            return converted
        }
        let (source, target) = (Scaler.Side(frame), Scaler.Side(converted))
        if scaler?.source != source || scaler?.target != target {
            scaler = try Scaler(from: source, to: target)
        }
        try scaler?.convert(frame, into: converted)
        return converted
    }
}
