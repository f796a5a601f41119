import CFFmpeg

/// Settings of encoders where the user gave none: high quality at sensible speed.
enum EncoderDefaults {
    /// Options to set before the user's own. Encoders that are not listed keep FFmpeg's defaults.
    static func options(
        for encoder: String, _ first: VideoFrame, isConstantRate: Bool, _ settings: EncoderSettings
    ) -> [(String, String)] {
        func parameters(_ option: String, _ list: [String]) -> [(String, String)] {
            list.isEmpty ? [] : [(option, list.joined(separator: ":"))]
        }
        let options: [(String, String)] =
            switch encoder {
            // Visually lossless; x264's and x265's own defaults (23, 28) are made for small files.
            // Its time base is fine, to hold exact times; only told of a constant rate, it states that rate in the stream.
            case "libx264":
                [("crf", "17"), ("preset", "medium")]
                    + parameters(
                        "x264-params",
                        (isConstantRate ? ["force-cfr=1"] : [])
                            + LightLevels.parameters(first, display: "mastering-display", content: "cll"))
            case "libx265":
                [("crf", "19"), ("preset", "medium")]
                    + parameters(
                        "x265-params",
                        ["log-level=none"]
                            + LightLevels.parameters(first, display: "master-display", content: "max-cll"))
            // A quality target alone: no bit rate, and rows in parallel.
            case "libvpx-vp9": [("crf", "24"), ("b", "0"), ("row-mt", "1")]
            case "libaom-av1": [("crf", "24"), ("b", "0"), ("cpu-used", "5"), ("row-mt", "1")]
            case "libsvtav1": [("crf", "24"), ("preset", "7")]
            // Level 3 divides pictures into slices, and loses those of pictures that are too small for it.
            case "ffv1":
                min(first.width, first.height) < 8 ? [("level", "1")] : [("level", "3"), ("slicecrc", "1")]
            default: []
            }
        // A rate factor would win over the user's bit rate or quantizer.
        return settings.statesQuality ? options.filter { $0.0 != "crf" } : options
    }

    /// Older encoders have no rate factor: a constant quantizer serves them, instead of FFmpeg's 200 kbit/s.
    static func applyQuantizer(_ context: UnsafeMutablePointer<AVCodecContext>) {
        let quantizer: Int32
        switch context.pointee.codec_id {
        case AV_CODEC_ID_MPEG4, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MJPEG,
            AV_CODEC_ID_FLV1,
            AV_CODEC_ID_MSMPEG4V3, AV_CODEC_ID_H263:
            quantizer = 2
        case AV_CODEC_ID_THEORA: quantizer = 8
        default: return
        }
        context.pointee.flags |= AV_CODEC_FLAG_QSCALE
        context.pointee.global_quality = quantizer * FF_QP2LAMBDA
    }
}
