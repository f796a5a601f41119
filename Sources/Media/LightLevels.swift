import CFFmpeg

/// What the picture was graded on and how bright it gets (SMPTE ST 2086, CTA-861.3), which a stream may state in its
/// container alone, and encoders look for in frames.
struct LightLevels {
    private static let kinds = [
        (AV_PKT_DATA_MASTERING_DISPLAY_METADATA, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA),
        (AV_PKT_DATA_CONTENT_LIGHT_LEVEL, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL),
    ]

    /// Adds to a frame what its stream states and the frame does not.
    func complete(_ frame: VideoFrame, from stream: UnsafeMutablePointer<AVStream>) throws(MediaError) {
        for index in 0..<cffmpeg_side_data_count(stream) {
            let item = cffmpeg_side_data(stream, Int32(index))
            guard let kind = Self.kinds.first(where: { $0.0 == item.type })?.1,
                av_frame_get_side_data(frame.pointer, kind) == nil, let bytes = item.data
            else { continue }
            let added = try FFmpeg.allocated(
                av_frame_new_side_data(frame.pointer, kind, item.size), "av_frame_new_side_data")
            added.pointee.data.update(from: bytes, count: item.size)
        }
    }

    /// How x264 and x265 take the light levels of a frame, by the names of their own parameters: `display` and `content`.
    static func parameters(_ frame: VideoFrame, display: String, content: String) -> [String] {
        var parameters: [String] = []
        if let side = av_frame_get_side_data(frame.pointer, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA) {
            let value = UnsafeRawPointer(side.pointee.data!).loadUnaligned(
                as: AVMasteringDisplayMetadata.self)
            if value.has_primaries != 0, value.has_luminance != 0 {
                let (red, green, blue) = value.display_primaries
                func point(_ name: String, _ coordinates: (AVRational, AVRational)) -> String {
                    "\(name)(\(units(coordinates.0, 50_000)),\(units(coordinates.1, 50_000)))"
                }
                parameters.append(
                    "\(display)=" + point("G", green) + point("B", blue) + point("R", red)
                        + point("WP", value.white_point)
                        + "L(\(units(value.max_luminance, 10_000)),\(units(value.min_luminance, 10_000)))")
            }
        }
        if let side = av_frame_get_side_data(frame.pointer, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL) {
            let value = UnsafeRawPointer(side.pointee.data!).loadUnaligned(as: AVContentLightMetadata.self)
            parameters.append("\(content)=\(value.MaxCLL),\(value.MaxFALL)")
        }
        return parameters
    }

    /// A number in units of 1/`scale`, rounded.
    private static func units(_ value: AVRational, _ scale: Int64) -> Int64 {
        value.den == 0 ? 0 : av_rescale(Int64(value.num), scale, Int64(value.den))
    }
}
