import CFFmpeg

/// Carries a file's other streams, chapters and metadata over to another container, as they are.
enum StreamCopy {
    /// Adds a stream like `source` to the container; nil, with a note, where the container cannot hold it.
    static func addStream(
        _ source: UnsafeMutablePointer<AVStream>, to muxer: Muxer, _ notes: inout [String]
    ) throws(MediaError) -> UnsafeMutablePointer<AVStream>? {
        let parameters = source.parameters
        guard canHold(parameters, muxer) else {
            notes.append("\(source.name) is dropped: container \(muxer.containerName) cannot hold it")
            return nil
        }
        let stream = try muxer.addStream()
        try FFmpeg.check(
            avcodec_parameters_copy(stream.pointee.codecpar, source.pointee.codecpar),
            "avcodec_parameters_copy",
            source.name)
        if !keepsTag(parameters, muxer) { stream.pointee.codecpar.pointee.codec_tag = 0 }
        stream.pointee.time_base = source.pointee.time_base
        stream.pointee.avg_frame_rate = source.pointee.avg_frame_rate
        stream.pointee.sample_aspect_ratio = source.pointee.sample_aspect_ratio
        stream.pointee.disposition = source.pointee.disposition
        try copyMetadata(source.pointee.metadata, to: &stream.pointee.metadata, for: source.name)
        for index in 0..<cffmpeg_side_data_count(source) {
            try FFmpeg.check(
                cffmpeg_add_side_data(stream, cffmpeg_side_data(source, Int32(index))), "side data",
                source.name)
        }
        return stream
    }

    /// Gives the encoded video what its source had besides pixels: place in the display, language, title, light levels.
    static func describeVideo(
        _ stream: UnsafeMutablePointer<AVStream>, like source: UnsafeMutablePointer<AVStream>
    ) throws(MediaError) {
        stream.pointee.disposition = source.pointee.disposition
        try copyMetadata(
            source.pointee.metadata, to: &stream.pointee.metadata, for: source.name, encoded: true)
        let kept = [
            AV_PKT_DATA_DISPLAYMATRIX, AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
            AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
            AV_PKT_DATA_STEREO3D, AV_PKT_DATA_SPHERICAL,
        ]
        for index in 0..<cffmpeg_side_data_count(source) {
            let item = cffmpeg_side_data(source, Int32(index))
            guard kept.contains(item.type) else { continue }
            try FFmpeg.check(cffmpeg_add_side_data(stream, item), "side data", source.name)
        }
    }

    /// Copies chapters and the file's own metadata.
    static func copyGlobals(from demuxer: Demuxer, to muxer: Muxer) throws(MediaError) {
        let source = demuxer.context.pointee
        try copyMetadata(source.metadata, to: &muxer.context.pointee.metadata, for: demuxer.path)
        for index in 0..<Int(source.nb_chapters) {
            guard let chapter = source.chapters[index] else { continue }
            try FFmpeg.check(cffmpeg_add_chapter(muxer.context, chapter), "chapters", demuxer.path)
        }
    }

    /// A track of chapter titles, which demuxers list both as chapters and as a stream to be ignored.
    static func isChapterTrack(_ stream: UnsafeMutablePointer<AVStream>, of demuxer: Demuxer) -> Bool {
        demuxer.context.pointee.nb_chapters > 0 && stream.pointee.discard == AVDISCARD_ALL
            && [AVMEDIA_TYPE_DATA, AVMEDIA_TYPE_SUBTITLE].contains(stream.parameters.codec_type)
    }

    private static func canHold(_ parameters: AVCodecParameters, _ muxer: Muxer) -> Bool {
        let container = muxer.container.pointee
        if parameters.codec_type == AVMEDIA_TYPE_ATTACHMENT {
            return muxer.containerName.contains("matroska")
        }
        guard parameters.codec_id != AV_CODEC_ID_NONE else { return false }
        let answer = avformat_query_codec(muxer.container, parameters.codec_id, FF_COMPLIANCE_NORMAL)
        if answer >= 0 { return answer == 1 }
        // The container has no table to look in: it holds what it has a default codec for.
        switch parameters.codec_type {
        case AVMEDIA_TYPE_AUDIO: return container.audio_codec != AV_CODEC_ID_NONE
        case AVMEDIA_TYPE_VIDEO: return container.video_codec != AV_CODEC_ID_NONE
        case AVMEDIA_TYPE_SUBTITLE: return container.subtitle_codec != AV_CODEC_ID_NONE
        default: return false
        }
    }

    /// A tag means a codec within one family of containers; elsewhere the muxer chooses its own.
    private static func keepsTag(_ parameters: AVCodecParameters, _ muxer: Muxer) -> Bool {
        guard let tags = muxer.container.pointee.codec_tag else { return false }
        return av_codec_get_id(tags, parameters.codec_tag) == parameters.codec_id
    }

    private static func copyMetadata(
        _ source: OpaquePointer?, to target: inout OpaquePointer?, for subject: String, encoded: Bool = false
    ) throws(MediaError) {
        try FFmpeg.check(av_dict_copy(&target, source, 0), "av_dict_copy", subject)
        var stale = ["major_brand", "minor_version", "compatible_brands", "encoder", "vendor_id"]
        var entry: UnsafeMutablePointer<AVDictionaryEntry>?
        while true {
            entry = av_dict_get(target, "", entry, AV_DICT_IGNORE_SUFFIX)
            guard let found = entry else { break }
            let key = String(cString: found.pointee.key)
            // Matroska's statistics count the old frames.
            let isStatistic = ["BPS", "DURATION", "NUMBER_OF_", "_STATISTICS_"].contains { key.hasPrefix($0) }
            if encoded, isStatistic { stale.append(key) }
        }
        for key in stale { av_dict_set(&target, key, nil, 0) }
    }
}
