import CFFmpeg

/// Facts about pixel formats that FFmpeg keeps in tables.
extension AVPixelFormat {
    private var descriptor: AVPixFmtDescriptor? { av_pix_fmt_desc_get(self)?.pointee }

    var name: String { FFmpeg.string(av_get_pix_fmt_name(self)) ?? "unknown" }

    private func has(_ flag: Int32) -> Bool { (descriptor.map(\.flags) ?? 0) & UInt64(flag) != 0 }

    var isRGB: Bool { has(AV_PIX_FMT_FLAG_RGB) }
    var hasAlpha: Bool { has(AV_PIX_FMT_FLAG_ALPHA) }
    var isHardware: Bool { has(AV_PIX_FMT_FLAG_HWACCEL) }
    var isPalette: Bool { has(AV_PIX_FMT_FLAG_PAL) }
    var isFloat: Bool { has(AV_PIX_FMT_FLAG_FLOAT) }
    /// Whether it is one that FFmpeg's image codecs hold floats in: planes of native float32, in the order green, blue, red, alpha.
    var isPlanarFloat: Bool {
        [AV_PIX_FMT_GBRPF32LE, AV_PIX_FMT_GBRAPF32LE, AV_PIX_FMT_GRAYF32LE].contains(self)
    }
    var isGrey: Bool { !isRGB && componentCount <= 2 }
    var componentCount: Int { Int(descriptor?.nb_components ?? 0) }

    /// Bits of the first component.
    var depth: Int { depth(of: 0) }

    func depth(of component: Int) -> Int {
        guard let components = descriptor?.comp else { return 8 }
        return Int([components.0, components.1, components.2, components.3][component].depth)
    }

    /// How often the chroma planes are halved.
    var chromaShift: (width: Int, height: Int) {
        guard let descriptor, !isRGB else { return (0, 0) }
        return (Int(descriptor.log2_chroma_w), Int(descriptor.log2_chroma_h))
    }

    /// The format of Y'CbCr in planes of 16 bits whose chroma is as often halved; nil where there is none.
    var planarOf16Bits: AVPixelFormat? {
        // XYZ is neither flagged as RGB nor Y'CbCr.
        let isXYZ = [AV_PIX_FMT_XYZ12LE, AV_PIX_FMT_XYZ12BE].contains(self)
        guard !isRGB, !isXYZ, !isFloat, componentCount >= 3 else { return nil }
        return switch chromaShift {
        case (1, 1): AV_PIX_FMT_YUV420P16LE
        case (1, 0): AV_PIX_FMT_YUV422P16LE
        case (0, 0): AV_PIX_FMT_YUV444P16LE
        default: nil
        }
    }

    /// The plain format of one of the old formats whose name says that they are full range; nil for all others.
    var withoutFullRange: AVPixelFormat? {
        switch self {
        case AV_PIX_FMT_YUVJ420P: AV_PIX_FMT_YUV420P
        case AV_PIX_FMT_YUVJ422P: AV_PIX_FMT_YUV422P
        case AV_PIX_FMT_YUVJ444P: AV_PIX_FMT_YUV444P
        case AV_PIX_FMT_YUVJ440P: AV_PIX_FMT_YUV440P
        case AV_PIX_FMT_YUVJ411P: AV_PIX_FMT_YUV411P
        default: nil
        }
    }

    var isFullRangeByName: Bool { withoutFullRange != nil }

    /// Whether the samples lie alike, so that only the meaning of their range may differ.
    func hasLayout(of other: AVPixelFormat) -> Bool {
        (withoutFullRange ?? self) == (other.withoutFullRange ?? other)
    }

    /// Whether the sides are whole numbers of chroma samples.
    func divides(_ frame: VideoFrame) -> Bool {
        let shift = chromaShift
        return frame.width % (1 << shift.width) == 0 && frame.height % (1 << shift.height) == 0
    }

    /// Whether frames of this format can be made from others, so that new frames can join it.
    var canBeWritten: Bool {
        !isHardware && sws_isSupportedOutput(self) > 0 && sws_isSupportedInput(self) > 0
    }

    static func named(_ name: String) throws(MediaError) -> AVPixelFormat {
        let format = av_get_pix_fmt(name)
        if format == AV_PIX_FMT_NONE { throw .unknownPixelFormat(name: name) }
        return format
    }
}
