import CFFmpeg

/// Facts about a container that FFmpeg does not keep in its tables, or only its muxer knows.
enum Container {
    /// Whether frames may come at any time, as opposed to a constant rate.
    static func holdsVariableRate(_ container: UnsafePointer<AVOutputFormat>) -> Bool {
        // The flag is for the ffmpeg tool's choice, and missing from containers that store a time for every frame.
        let others: Set = [
            "mp4", "mov", "ipod", "ismv", "3gp", "3g2", "psp", "f4v", "asf", "mpeg", "vob", "dvd", "svcd",
            "vcd", "wtv", "avif", "ivf",
        ]
        return container.pointee.flags & AVFMT_VARIABLE_FPS != 0 || others.contains(name(of: container))
    }

    /// Whether it is made for video. Containers of sound state the codec of their cover pictures.
    static func isForVideo(_ container: UnsafePointer<AVOutputFormat>) -> Bool {
        let format = container.pointee
        let holdsCoversOnly = format.audio_codec != AV_CODEC_ID_NONE && format.video_codec == AV_CODEC_ID_PNG
        return format.video_codec != AV_CODEC_ID_NONE && !holdsCoversOnly
    }

    /// FFmpeg has no table for MPEG-TS, and writes any other codec as private data that nobody can play.
    private static let transportStreamCodecs: [AVCodecID] = [
        AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG4, AV_CODEC_ID_H264, AV_CODEC_ID_HEVC,
        AV_CODEC_ID_CAVS, AV_CODEC_ID_VC1, AV_CODEC_ID_DIRAC, AV_CODEC_ID_MP1, AV_CODEC_ID_MP2,
        AV_CODEC_ID_MP3,
        AV_CODEC_ID_AAC, AV_CODEC_ID_AAC_LATM, AV_CODEC_ID_AC3, AV_CODEC_ID_EAC3, AV_CODEC_ID_DTS,
        AV_CODEC_ID_TRUEHD, AV_CODEC_ID_OPUS, AV_CODEC_ID_S302M, AV_CODEC_ID_PCM_BLURAY,
        AV_CODEC_ID_DVB_SUBTITLE, AV_CODEC_ID_DVB_TELETEXT, AV_CODEC_ID_HDMV_PGS_SUBTITLE,
        AV_CODEC_ID_SMPTE_KLV, AV_CODEC_ID_TIMED_ID3,
    ]

    /// Whether the codec belongs in it; nil where FFmpeg has no answer.
    static func holds(_ codec: AVCodecID, _ container: UnsafePointer<AVOutputFormat>) -> Bool? {
        if name(of: container) == "mpegts" { return transportStreamCodecs.contains(codec) }
        let answer = avformat_query_codec(container, codec, FF_COMPLIANCE_EXPERIMENTAL)
        return answer >= 0 ? answer == 1 : nil
    }

    /// Whether its muxer writes how the picture is to be turned for display.
    static func holdsRotation(_ container: UnsafePointer<AVOutputFormat>) -> Bool {
        let isMatroska = ["matroska", "webm"].contains(name(of: container))
        return ["mp4", "mov", "ipod", "ismv", "3gp", "3g2", "psp", "f4v"].contains(name(of: container))
            || isMatroska && cffmpeg_matroska_holds_rotation()
    }

    /// The pixel formats that it holds, where that is not the encoder's matter: YUV4MPEG names planar YUV and grey alone.
    static func pixelFormats(_ container: UnsafePointer<AVOutputFormat>) -> [AVPixelFormat]? {
        guard name(of: container) == "yuv4mpegpipe" else { return nil }
        return [
            AV_PIX_FMT_GRAY8, AV_PIX_FMT_GRAY9LE, AV_PIX_FMT_GRAY10LE, AV_PIX_FMT_GRAY12LE,
            AV_PIX_FMT_GRAY16LE,
            AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV411P,
            AV_PIX_FMT_YUV420P9LE, AV_PIX_FMT_YUV422P9LE, AV_PIX_FMT_YUV444P9LE,
            AV_PIX_FMT_YUV420P10LE, AV_PIX_FMT_YUV422P10LE, AV_PIX_FMT_YUV444P10LE,
            AV_PIX_FMT_YUV420P12LE, AV_PIX_FMT_YUV422P12LE, AV_PIX_FMT_YUV444P12LE,
            AV_PIX_FMT_YUV420P14LE, AV_PIX_FMT_YUV422P14LE, AV_PIX_FMT_YUV444P14LE,
            AV_PIX_FMT_YUV420P16LE, AV_PIX_FMT_YUV422P16LE, AV_PIX_FMT_YUV444P16LE,
        ]
    }

    /// Whether it only lists frames, which a reader shows at one rate.
    static func holdsNoTimes(_ container: UnsafePointer<AVOutputFormat>) -> Bool {
        container.pointee.flags & AVFMT_NOTIMESTAMPS != 0
            || ["yuv4mpegpipe", "rawvideo"].contains(name(of: container))
    }

    /// Whether a stream's primaries, transfer and matrix are lost in it: neither the container states them nor the codec.
    static func losesColourTags(_ codec: AVCodecID, _ container: UnsafePointer<AVOutputFormat>) -> Bool {
        let ofTheirOwn = [
            AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_AV1, AV_CODEC_ID_VP9, AV_CODEC_ID_PRORES,
            AV_CODEC_ID_MPEG2VIDEO,
        ]
        return ["nut", "yuv4mpegpipe", "rawvideo", "avi"].contains(name(of: container))
            && !ofTheirOwn.contains(codec)
    }

    /// Whether it is a stream of pictures, with no place for anything else.
    static func holdsPicturesAlone(_ container: UnsafePointer<AVOutputFormat>) -> Bool {
        let format = container.pointee
        return format.audio_codec == AV_CODEC_ID_NONE && format.subtitle_codec == AV_CODEC_ID_NONE
            && [AV_CODEC_ID_AAC, AV_CODEC_ID_PCM_S16LE].allSatisfy { holds($0, container) != true }
    }

    /// Whether its muxer writes chapters.
    static func holdsChapters(_ container: UnsafePointer<AVOutputFormat>) -> Bool {
        ["matroska", "webm", "mp4", "mov", "ipod", "ogg", "ogv", "nut", "asf"].contains(name(of: container))
    }

    /// Whether its muxer writes chapters that come up while it works.
    static func takesChaptersAtItsEnd(_ muxer: Muxer) -> Bool {
        let names = ["matroska", "webm", "mp4", "mov", "ipod"]
        return !muxer.isPipe && names.contains(name(of: muxer.container))
    }

    /// Whether its muxer goes back to what it has written, as pipes do not allow.
    static func needsSeeking(_ container: UnsafePointer<AVOutputFormat>) -> Bool {
        ["mp4", "mov", "ipod", "3gp", "3g2", "psp", "f4v", "mxf", "mxf_d10", "mxf_opatom", "avif"]
            .contains(name(of: container))
    }

    static func name(of container: UnsafePointer<AVOutputFormat>) -> String {
        FFmpeg.string(container.pointee.name) ?? "?"
    }

    /// A stream as its muxer is asked about it.
    struct TrialStream {
        var parameters: UnsafeMutablePointer<AVCodecParameters>
        var timeBase: AVRational
        var disposition: Int32 = 0
        var frameRate = AVRational(num: 0, den: 1)
        var metadata: OpaquePointer?
    }

    /// What a muxer says to a set of streams.
    enum Trial {
        /// The time bases that it chose for them.
        case accepted([AVRational])
        /// What it logged.
        case refused(String?)
    }

    /// Writes a header with the streams to memory.
    ///
    /// Tables of codecs do not tell all that muxers refuse: Ogg, GIF and MXF show it only here.
    static func trial(_ container: UnsafePointer<AVOutputFormat>, _ streams: [TrialStream])
        throws(MediaError)
        -> Trial
    {
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        try FFmpeg.check(
            avformat_alloc_output_context2(&allocated, container, nil, nil), "avformat_alloc_output_context2",
            name(of: container))
        let context = try FFmpeg.allocated(allocated, "avformat_alloc_output_context2")
        defer { avformat_free_context(context) }
        Muxer.allowExperimental(context)
        for trial in streams {
            let stream = try FFmpeg.allocated(avformat_new_stream(context, nil), "avformat_new_stream")
            try FFmpeg.check(
                avcodec_parameters_copy(stream.pointee.codecpar, trial.parameters), "avcodec_parameters_copy",
                name(of: container))
            StreamCopy.dropForeignTag(stream, container)
            stream.pointee.time_base = trial.timeBase
            stream.pointee.avg_frame_rate = trial.frameRate
            stream.pointee.disposition = trial.disposition
            try FFmpeg.check(
                av_dict_copy(&stream.pointee.metadata, trial.metadata, 0), "av_dict_copy", name(of: container)
            )
        }
        try FFmpeg.check(avio_open_dyn_buf(&context.pointee.pb), "avio_open_dyn_buf", name(of: container))
        defer {
            var bytes: UnsafeMutablePointer<UInt8>?
            avio_close_dyn_buf(context.pointee.pb, &bytes)
            av_free(bytes)
            context.pointee.pb = nil
        }
        FFmpegLog.begin()
        guard avformat_write_header(context, nil) >= 0 else { return .refused(FFmpegLog.takeError()) }
        return .accepted((0..<streams.count).compactMap { context.pointee.streams[$0]?.pointee.time_base })
    }
}
