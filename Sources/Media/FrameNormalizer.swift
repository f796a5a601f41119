import CFFmpeg

/// Gives every frame of a stream the size and pixel format of the first.
///
/// Streams may change both midway. Formats that new frames cannot be made in (palettes, for instance) are replaced by
/// the nearest one in which they can.
final class FrameNormalizer {
    private var model: VideoFrame?
    private var format = AV_PIX_FMT_NONE
    private var scaler: Scaler?
    /// Frames whose size or format was not the first's.
    private(set) var changed = 0

    func normalize(_ frame: VideoFrame) throws(MediaError) -> VideoFrame {
        guard let model else {
            format = Self.writableFormat(for: frame.format)
            let first =
                frame.format == format ? frame : try convert(frame, width: frame.width, height: frame.height)
            model = first
            return first
        }
        if frame.width == model.width, frame.height == model.height, frame.format == format { return frame }
        if frame.width != model.width || frame.height != model.height { changed += 1 }
        return try convert(frame, width: model.width, height: model.height)
    }

    private func convert(_ frame: VideoFrame, width: Int, height: Int) throws(MediaError) -> VideoFrame {
        let result = try VideoFrame(like: frame, width: width, height: height, format: format)
        let (source, target) = (Scaler.Side(frame), Scaler.Side(result))
        if scaler?.source != source || scaler?.target != target {
            scaler = try Scaler(from: source, to: target)
        }
        try scaler?.convert(frame, into: result)
        return result
    }

    private static func writableFormat(for format: AVPixelFormat) -> AVPixelFormat {
        if format.canBeWritten { return format }
        let candidates = [
            AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA, AV_PIX_FMT_RGB48LE, AV_PIX_FMT_RGBA64LE, AV_PIX_FMT_GRAY8,
            AV_PIX_FMT_GRAY16LE, AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P,
            AV_PIX_FMT_YUV420P10LE, AV_PIX_FMT_YUV422P10LE, AV_PIX_FMT_YUV444P10LE, AV_PIX_FMT_YUV444P16LE,
        ]
        let alpha: Int32 = format.hasAlpha || format.isPalette ? 1 : 0
        return avcodec_find_best_pix_fmt_of_list(candidates + [AV_PIX_FMT_NONE], format, alpha, nil)
    }
}
