import CFFmpeg

/// Carries a file's cover picture over: a stream of one picture in MP4, an attachment in Matroska.
enum CoverPicture {
    /// How a container holds cover pictures.
    enum Place {
        case stream
        case attachment
    }

    static func place(in muxer: Muxer) -> Place? {
        switch muxer.containerName {
        case "mp4", "ipod": .stream
        case "matroska": .attachment
        default: nil
        }
    }

    /// Adds the picture to Matroska. It is complete with this: no packets follow.
    static func attach(_ source: UnsafeMutablePointer<AVStream>, to muxer: Muxer) throws(MediaError) {
        let picture = source.pointee.attached_pic
        guard picture.size > 0, let bytes = picture.data else { return }
        let stream = try muxer.addStream()
        let parameters = stream.pointee.codecpar!
        parameters.pointee.codec_type = AVMEDIA_TYPE_ATTACHMENT
        parameters.pointee.codec_id = source.parameters.codec_id
        let size = Int(picture.size)
        let copy = try FFmpeg.allocated(
            av_mallocz(size + Int(AV_INPUT_BUFFER_PADDING_SIZE)), "av_mallocz")
        copy.copyMemory(from: bytes, byteCount: size)
        parameters.pointee.extradata = copy.assumingMemoryBound(to: UInt8.self)
        parameters.pointee.extradata_size = picture.size
        try StreamCopy.copyMetadata(source.pointee.metadata, to: &stream.pointee.metadata, for: source.name)
        let type = kind(of: source.parameters.codec_id)
        // Matroska requires both, and players look for covers by this name.
        for (key, value) in [("filename", "cover.\(type.ending)"), ("mimetype", "image/\(type.subtype)")] {
            av_dict_set(&stream.pointee.metadata, key, value, AV_DICT_DONT_OVERWRITE)
        }
    }

    private static func kind(of codec: AVCodecID) -> (ending: String, subtype: String) {
        switch codec {
        case AV_CODEC_ID_MJPEG: ("jpg", "jpeg")
        case AV_CODEC_ID_PNG: ("png", "png")
        default: (FFmpeg.codecName(codec), FFmpeg.codecName(codec))
        }
    }
}
