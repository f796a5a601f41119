import CFFmpeg

/// A conversion between two sizes, pixel formats and colour descriptions by libswscale, set up once.
final class Scaler {
    /// One side of a conversion.
    struct Side: Equatable {
        var width: Int
        var height: Int
        var format: AVPixelFormat
        var colours: ColourProperties
    }

    let source: Side
    let target: Side
    private let context: UnsafeMutableRawPointer

    /// Exact rounding and full chroma resolution in both directions: frames that pass through and frames that do not must match.
    private static let flags =
        SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT

    init(from source: Side, to target: Side) throws(MediaError) {
        self.source = source
        self.target = target
        context = try FFmpeg.allocated(cffmpeg_scaler_alloc(), "sws_alloc_context")
        let context = context
        func set(_ name: String, _ value: Int64?) {
            if let value { av_opt_set_int(context, name, value, 0) }
        }
        set("srcw", Int64(source.width))
        set("srch", Int64(source.height))
        set("src_format", Int64(source.format.rawValue))
        set("dstw", Int64(target.width))
        set("dsth", Int64(target.height))
        set("dst_format", Int64(target.format.rawValue))
        set("src_range", source.colours.isFullRange ? 1 : 0)
        set("dst_range", target.colours.isFullRange ? 1 : 0)
        set("sws_flags", Int64(Self.flags))
        // Rounding to the nearest, since noise of our own would set new frames apart.
        av_opt_set(context, "sws_dither", "none", 0)
        let sourceChroma = source.colours.chromaPosition(for: source.format)
        let targetChroma = target.colours.chromaPosition(for: target.format)
        set("src_h_chr_pos", sourceChroma.horizontal)
        set("src_v_chr_pos", sourceChroma.vertical)
        set("dst_h_chr_pos", targetChroma.horizontal)
        set("dst_v_chr_pos", targetChroma.vertical)
        guard cffmpeg_scaler_init(context) >= 0 else {
            throw .unsupportedConversion(from: source.format.name, to: target.format.name)
        }
        cffmpeg_scaler_set_colours(
            context, source.colours.matrix, source.colours.isFullRange, target.colours.matrix,
            target.colours.isFullRange)
    }

    deinit { cffmpeg_scaler_free(context) }

    /// Converts all of `frame` into `result`, whose buffers exist.
    func convert(_ frame: VideoFrame, into result: VideoFrame) throws(MediaError) {
        try FFmpeg.check(
            cffmpeg_scaler_run(context, result.pointer, frame.pointer), "sws_scale_frame", "frame")
    }
}

extension Scaler.Side {
    init(_ frame: VideoFrame) {
        self.init(
            width: frame.width, height: frame.height, format: frame.format, colours: ColourProperties(frame))
    }
}
