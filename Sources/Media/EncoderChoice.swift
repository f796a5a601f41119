import CFFmpeg

/// Which encoder and pixel format a video gets.
enum EncoderChoice {
    /// The encoder that the settings name; else those that the container holds, best first: H.264, the container's own, and
    /// FFV1, which takes what others refuse.
    ///
    /// What goes into a pipe is for another program to work on, and loses nothing where the container allows that: raw
    /// pictures, and FFV1 in Matroska.
    static func encoders(
        for container: UnsafePointer<AVOutputFormat>, toPipe: Bool = false, _ settings: EncoderSettings
    ) throws(MediaError) -> [UnsafePointer<AVCodec>] {
        if let name = settings.codec {
            let codec = try named(name)
            if Container.holds(codec.pointee.id, container) == false {
                throw .codecNotInContainer(
                    codec: FFmpeg.codecName(codec.pointee.id), container: Container.name(of: container),
                    reason: nil)
            }
            return [codec]
        }
        let lossless: AVCodecID? =
            switch Container.name(of: container) {
            case "nut" where toPipe: AV_CODEC_ID_RAWVIDEO
            case "matroska" where toPipe: AV_CODEC_ID_FFV1
            default: nil
            }
        if let lossless, let found = avcodec_find_encoder(lossless) { return [found] }
        let own = container.pointee.video_codec
        var candidates = [own]
        for (id, place) in [(AV_CODEC_ID_H264, 0), (AV_CODEC_ID_FFV1, 1)]
        where id != own && Container.holds(id, container) == true {
            candidates.insert(id, at: min(place, candidates.endIndex))
        }
        if candidates.contains(AV_CODEC_ID_FFV1) {
            candidates = candidates.filter { $0 != AV_CODEC_ID_FFV1 } + [AV_CODEC_ID_FFV1]
        }
        let found = candidates.compactMap { avcodec_find_encoder($0) }
        if found.isEmpty { throw .noEncoder(codec: FFmpeg.codecName(own)) }
        return found
    }

    static func named(_ name: String) throws(MediaError) -> UnsafePointer<AVCodec> {
        // What people, and the standards' titles, call them.
        let names = ["h265": "hevc", "x265": "libx265", "x264": "libx264", "mpeg2": "mpeg2video"]
        let key = name.lowercased().replacing(".", with: "")
        let name = names[key] ?? (avcodec_find_encoder_by_name(name) == nil ? key : name)
        let codec =
            avcodec_find_encoder_by_name(name)
            ?? avcodec_descriptor_get_by_name(name).flatMap { avcodec_find_encoder($0.pointee.id) }
        guard let codec, codec.pointee.type == AVMEDIA_TYPE_VIDEO else {
            throw .unknownCodec(name: name, kind: "video encoder")
        }
        return codec
    }

    /// The pixel formats to try to encode in, best first, with a note on each that is not the input's.
    static func pixelFormats(
        for frame: VideoFrame, _ codec: UnsafePointer<AVCodec>, within allowed: [AVPixelFormat]? = nil,
        _ settings: EncoderSettings
    ) throws(MediaError) -> [(format: AVPixelFormat, note: String?)] {
        let encoder = FFmpeg.string(codec.pointee.name) ?? "?"
        let input = frame.format
        var supported = supportedFormats(codec, within: allowed)
        let fullRange = supported.filter(\.isFullRangeByName)
        // Viewers take JPEG's code values for full range, whatever else its encoder accepts.
        if codec.pointee.id == AV_CODEC_ID_MJPEG, !fullRange.isEmpty { supported = fullRange }
        if let name = settings.pixelFormat {
            var format = try AVPixelFormat.named(name)
            format = fullRange.first { $0.withoutFullRange == format && supported == fullRange } ?? format
            guard supported.isEmpty || supported.contains(format) else {
                throw .unsupportedPixelFormat(name: name, by: encoder, supported: supported.map(\.name))
            }
            return [(format, nil)]
        }
        let usable = supported.filter(\.canBeWritten)
        var choices: [(AVPixelFormat, String?)] = []
        func add(_ formats: [AVPixelFormat], because reason: String = "") {
            guard let best = closest(to: input, among: formats) else { return }
            var note = "encoder \(encoder): \(reason)frames are converted from \(input.name) to \(best.name)"
            if let curve = frame.curve(in: best) {
                note += curve == AVCOL_TRC_LINEAR ? ", by sRGB's curve to linear light" : ", by sRGB's curve"
            }
            if input.hasAlpha, !best.hasAlpha { note += ", without their transparency" }
            choices.append((best, note))
        }
        if codec.pointee.id == AV_CODEC_ID_GIF, input != AV_PIX_FMT_GRAY8, supported.contains(AV_PIX_FMT_PAL8)
        {
            // Its fixed colours would show bands.
            choices.append(
                (
                    AV_PIX_FMT_PAL8,
                    "encoder \(encoder): frames are reduced to 256 colours, chosen for each of them"
                ))
        }
        // Pictures become video for playing, and players want subsampled chroma from an encoder that is not lossless.
        let wantsPlayable = input.isRGB && codec.pointee.id == AV_CODEC_ID_H264
        if !wantsPlayable, supported.isEmpty || supported.contains(input) {
            choices.append((input, nil))
        } else if !wantsPlayable,
            let same = usable.first(where: { $0.hasLayout(of: input) && frame.hasRange(of: $0) })
        {
            choices.append((same, nil))
        } else {
            add(
                wantsPlayable
                    ? usable.filter {
                        $0.chromaShift == (1, 1) && !$0.isFullRangeByName && $0.depth <= max(8, input.depth)
                    }
                    : usable)
        }
        if let first = choices.first?.0, !first.divides(frame) {
            // Some encoders take only whole blocks of subsampled chroma.
            let whole = usable.filter { $0.chromaShift == (0, 0) && !$0.isGrey && !$0.isFullRangeByName }
            add(
                wantsPlayable ? whole.filter { $0.depth <= max(8, input.depth) } : whole,
                because: "\(frame.width)x\(frame.height) cannot be subsampled as in \(first.name); ")
        }
        guard !choices.isEmpty else {
            throw .unsupportedPixelFormat(name: input.name, by: encoder, supported: supported.map(\.name))
        }
        return choices
    }

    private static func closest(to input: AVPixelFormat, among formats: [AVPixelFormat]) -> AVPixelFormat? {
        let best = avcodec_find_best_pix_fmt_of_list(
            formats + [AV_PIX_FMT_NONE], input, input.hasAlpha ? 1 : 0, nil)
        return best == AV_PIX_FMT_NONE ? nil : best
    }

    private static func supportedFormats(_ codec: UnsafePointer<AVCodec>, within allowed: [AVPixelFormat]?)
        -> [AVPixelFormat]
    {
        guard var format = cffmpeg_pixel_formats(codec) else { return allowed ?? [] }
        var formats: [AVPixelFormat] = []
        while format.pointee != AV_PIX_FMT_NONE {
            if allowed?.contains(format.pointee) ?? true { formats.append(format.pointee) }
            format += 1
        }
        return formats
    }
}
