import CFFmpeg

/// Which encoder and pixel format a video gets.
enum EncoderChoice {
    /// The encoder that the settings name, or the container's best: H.264 wherever the container holds it.
    static func encoder(for container: UnsafePointer<AVOutputFormat>, _ settings: EncoderSettings)
        throws(MediaError)
        -> UnsafePointer<AVCodec>
    {
        if let name = settings.codec {
            let codec =
                avcodec_find_encoder_by_name(name)
                ?? avcodec_descriptor_get_by_name(name).flatMap { avcodec_find_encoder($0.pointee.id) }
            guard let codec, codec.pointee.type == AVMEDIA_TYPE_VIDEO else {
                throw .unknownCodec(name: name, kind: "video encoder")
            }
            return codec
        }
        var candidates: [AVCodecID] = [container.pointee.video_codec]
        // Containers of one codec (GIF, WebM, image formats) keep theirs.
        let isGeneral = avformat_query_codec(container, AV_CODEC_ID_H264, FF_COMPLIANCE_NORMAL) == 1
        if isGeneral { candidates.insert(AV_CODEC_ID_H264, at: 0) }
        for id in candidates where id != AV_CODEC_ID_NONE {
            if let codec = avcodec_find_encoder(id) { return codec }
        }
        throw .unknownCodec(
            name: FFmpeg.codecName(container.pointee.video_codec), kind: "video encoder of this FFmpeg")
    }

    /// The pixel format to encode in, and a note where it is not the input's.
    static func pixelFormat(
        for input: AVPixelFormat, _ codec: UnsafePointer<AVCodec>, _ settings: EncoderSettings
    ) throws(MediaError) -> (format: AVPixelFormat, note: String?) {
        let encoder = FFmpeg.string(codec.pointee.name) ?? "?"
        let supported = supportedFormats(codec)
        if let name = settings.pixelFormat {
            let format = try AVPixelFormat.named(name)
            guard supported.isEmpty || supported.contains(format) else {
                throw .unsupportedPixelFormat(name: name, by: encoder, supported: supported.map(\.name))
            }
            return (format, nil)
        }
        // Pictures become video for playing, and players want subsampled chroma from an encoder that is not lossless.
        let wantsPlayable = input.isRGB && codec.pointee.id == AV_CODEC_ID_H264
        if !wantsPlayable, supported.isEmpty || supported.contains(input) { return (input, nil) }
        var usable = supported.filter(\.canBeWritten)
        if wantsPlayable {
            usable = usable.filter {
                $0.chromaShift == (1, 1) && !$0.isFullRangeByName && $0.depth <= max(8, input.depth)
            }
        }
        let best = avcodec_find_best_pix_fmt_of_list(
            usable + [AV_PIX_FMT_NONE], input, input.hasAlpha ? 1 : 0, nil)
        guard best != AV_PIX_FMT_NONE else {
            throw .unsupportedPixelFormat(name: input.name, by: encoder, supported: supported.map(\.name))
        }
        return (best, "encoder \(encoder): frames are converted from \(input.name) to \(best.name)")
    }

    private static func supportedFormats(_ codec: UnsafePointer<AVCodec>) -> [AVPixelFormat] {
        guard var format = cffmpeg_pixel_formats(codec) else { return [] }
        var formats: [AVPixelFormat] = []
        while format.pointee != AV_PIX_FMT_NONE {
            formats.append(format.pointee)
            format += 1
        }
        return formats
    }
}
