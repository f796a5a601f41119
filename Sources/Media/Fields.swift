import CFFmpeg

/// Frames of two fields that are encoded as they are, and what says so in the result.
enum Fields {
    /// Which field of the frames is shown first, as streams state it.
    static func order(of frame: VideoFrame) -> AVFieldOrder {
        guard cffmpeg_frame_is_interlaced(frame.pointer) else { return AV_FIELD_UNKNOWN }
        return cffmpeg_frame_is_top_field_first(frame.pointer) ? AV_FIELD_TT : AV_FIELD_BB
    }

    /// Whether the encoder codes fields as such, and says so in its stream.
    static func areCoded(of frame: VideoFrame, by context: UnsafeMutablePointer<AVCodecContext>) -> Bool {
        guard cffmpeg_frame_is_interlaced(frame.pointer), let codec = context.pointee.codec else {
            return false
        }
        // Whole macroblocks of subsampled chroma in each field.
        guard context.pointee.height % 4 == 0 else { return false }
        let name = FFmpeg.string(codec.pointee.name) ?? ""
        return ["libx264", "libx264rgb", "mpeg2video", "mpeg4", "prores_ks"].contains(name)
    }

    /// Says that the order of fields is lost; nil where it is not, and where there are none.
    static func loss(
        of frame: VideoFrame, by context: UnsafeMutablePointer<AVCodecContext>,
        in container: UnsafePointer<AVOutputFormat>
    ) -> String? {
        guard cffmpeg_frame_is_interlaced(frame.pointer), !areCoded(of: frame, by: context) else {
            return nil
        }
        // These code rows independently of fields. FFV1 states the order itself, for the others containers do.
        let ofRows: [AVCodecID] = [
            AV_CODEC_ID_RAWVIDEO, AV_CODEC_ID_WRAPPED_AVFRAME, AV_CODEC_ID_HUFFYUV, AV_CODEC_ID_FFVHUFF,
            AV_CODEC_ID_UTVIDEO, AV_CODEC_ID_V210,
        ]
        let states = ["matroska", "yuv4mpegpipe"].contains(Container.name(of: container))
        if context.pointee.codec_id == AV_CODEC_ID_FFV1 || ofRows.contains(context.pointee.codec_id) && states
        {
            return nil
        }
        let encoder = context.pointee.codec.flatMap { FFmpeg.string($0.pointee.name) } ?? "?"
        return
            "encoder \(encoder): the order of fields cannot be kept, and players will take the frames for progressive; "
            + "libx264 keeps it for heights that four divides, and ffv1 for all"
    }
}
