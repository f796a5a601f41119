import CFFmpeg

/// What the FFmpeg libraries say of themselves.
enum FFmpegFacts {
    /// FFmpeg's release, such as `5.1.6-0+deb12u1`.
    static var release: String { String(cString: av_version_info()) }

    static func libraries() -> [DoctorReport.Library] {
        [
            library(
                "libavformat", avformat_version(), LIBAVFORMAT_VERSION_MAJOR, LIBAVFORMAT_VERSION_MINOR,
                LIBAVFORMAT_VERSION_MICRO),
            library(
                "libavcodec", avcodec_version(), LIBAVCODEC_VERSION_MAJOR, LIBAVCODEC_VERSION_MINOR,
                LIBAVCODEC_VERSION_MICRO),
            library(
                "libavfilter", avfilter_version(), LIBAVFILTER_VERSION_MAJOR, LIBAVFILTER_VERSION_MINOR,
                LIBAVFILTER_VERSION_MICRO),
            library(
                "libavutil", avutil_version(), LIBAVUTIL_VERSION_MAJOR, LIBAVUTIL_VERSION_MINOR,
                LIBAVUTIL_VERSION_MICRO),
            library(
                "libswscale", swscale_version(), LIBSWSCALE_VERSION_MAJOR, LIBSWSCALE_VERSION_MINOR,
                LIBSWSCALE_VERSION_MICRO),
            library(
                "libswresample", swresample_version(), LIBSWRESAMPLE_VERSION_MAJOR,
                LIBSWRESAMPLE_VERSION_MINOR, LIBSWRESAMPLE_VERSION_MICRO),
        ]
    }

    /// The formats that people bring and ask for. H.264 is what an output is encoded in by default.
    static func codecs() -> [DoctorReport.Codec] {
        [
            codec("H.264", .encoder, ["libx264"], isNeeded: true),
            codec("H.265", .encoder, ["libx265"]),
            codec("VP9", .encoder, ["libvpx-vp9"]),
            codec("AV1", .encoder, ["libsvtav1", "libaom-av1"]),
            codec("FFV1", .encoder, ["ffv1"]),
            codec("ProRes", .encoder, ["prores_ks"]),
            codec("PNG", .encoder, ["png"]),
            codec("TIFF", .encoder, ["tiff"]),
            codec("JPEG", .encoder, ["mjpeg"]),
            codec("H.264", .decoder, ["h264"]),
            codec("H.265", .decoder, ["hevc"]),
            codec("VP9", .decoder, ["vp9", "libvpx-vp9"]),
            codec("AV1", .decoder, ["libdav1d", "libaom-av1", "av1"]),
            codec("FFV1", .decoder, ["ffv1"]),
            codec("ProRes", .decoder, ["prores"]),
            codec("PNG", .decoder, ["png"]),
            codec("TIFF", .decoder, ["tiff"]),
            codec("JPEG", .decoder, ["mjpeg"]),
            codec("OpenEXR", .decoder, ["exr"]),
        ]
    }

    /// FFmpeg keeps the binary interface within a major version and only adds to it in minor ones.
    private static func library(
        _ name: String, _ running: UInt32, _ major: Int32, _ minor: Int32, _ micro: Int32
    ) -> DoctorReport.Library {
        let (runningMajor, runningMinor) = (running >> 16, running >> 8 & 0xFF)
        return DoctorReport.Library(
            name: name, built: "\(major).\(minor).\(micro)",
            running: "\(runningMajor).\(runningMinor).\(running & 0xFF)",
            isCompatible: runningMajor == UInt32(major) && runningMinor >= UInt32(minor))
    }

    private static func codec(
        _ format: String, _ role: DoctorReport.Codec.Role, _ candidates: [String], isNeeded: Bool = false
    ) -> DoctorReport.Codec {
        let available = candidates.filter { name in
            switch role {
            case .encoder: avcodec_find_encoder_by_name(name) != nil
            case .decoder: avcodec_find_decoder_by_name(name) != nil
            }
        }
        return DoctorReport.Codec(
            format: format, role: role, candidates: candidates, available: available, isNeeded: isNeeded)
    }
}
