import CFFmpeg

/// Carries a file's other streams, chapters and metadata over to another container, as they are.
enum StreamCopy {
    /// Adds a stream like `source` to the container; nil, with a note, where the container cannot hold it, and where it has
    /// no packets to copy.
    ///
    /// - Parameter video: The stream that is encoded, beside which the muxer must take this one.
    static func addStream(
        _ source: UnsafeMutablePointer<AVStream>, beside video: Container.TrialStream, to muxer: Muxer,
        _ notes: inout [String]
    ) throws(MediaError) -> UnsafeMutablePointer<AVStream>? {
        let coverPlace = CoverPicture.place(in: muxer)
        if source.isAttachedPicture, coverPlace == .attachment {
            try CoverPicture.attach(source, to: muxer)
            return nil
        }
        if let reason = try refusal(of: source, coverPlace, beside: video, muxer) {
            notes.append("\(source.name) is dropped: container \(muxer.containerName) \(reason)")
            return nil
        }
        let stream = try muxer.addStream()
        try FFmpeg.check(
            avcodec_parameters_copy(stream.pointee.codecpar, source.pointee.codecpar),
            "avcodec_parameters_copy",
            source.name)
        dropForeignTag(stream, muxer.container)
        stream.pointee.time_base = source.pointee.time_base
        stream.pointee.avg_frame_rate = source.pointee.avg_frame_rate
        stream.pointee.sample_aspect_ratio = source.pointee.sample_aspect_ratio
        // Muxers know a cover picture by this disposition and no other.
        stream.pointee.disposition =
            source.isAttachedPicture ? AV_DISPOSITION_ATTACHED_PIC : source.pointee.disposition
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
        _ stream: UnsafeMutablePointer<AVStream>, like source: UnsafeMutablePointer<AVStream>,
        _ first: VideoFrame, in muxer: Muxer, _ notes: inout [String]
    ) throws(MediaError) {
        stream.pointee.disposition = source.pointee.disposition
        try copyMetadata(
            source.pointee.metadata, to: &stream.pointee.metadata, for: source.name, encoded: true)
        let kept = [
            AV_PKT_DATA_DISPLAYMATRIX, AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
            AV_PKT_DATA_CONTENT_LIGHT_LEVEL, AV_PKT_DATA_STEREO3D, AV_PKT_DATA_SPHERICAL,
        ]
        var found: [AVPacketSideDataType] = []
        for index in 0..<cffmpeg_side_data_count(source) {
            let item = cffmpeg_side_data(source, Int32(index))
            guard kept.contains(item.type) else { continue }
            try FFmpeg.check(cffmpeg_add_side_data(stream, item), "side data", source.name)
            found.append(item.type)
        }
        // Codecs, too, may carry light levels; only the frames have them then.
        for (inFrame, inStream) in [
            (AV_FRAME_DATA_MASTERING_DISPLAY_METADATA, AV_PKT_DATA_MASTERING_DISPLAY_METADATA),
            (AV_FRAME_DATA_CONTENT_LIGHT_LEVEL, AV_PKT_DATA_CONTENT_LIGHT_LEVEL),
            (AV_FRAME_DATA_DISPLAYMATRIX, AV_PKT_DATA_DISPLAYMATRIX),
        ] where !found.contains(inStream) {
            guard let item = av_frame_get_side_data(first.pointer, inFrame)?.pointee else { continue }
            try FFmpeg.check(
                cffmpeg_add_side_data(
                    stream, AVPacketSideData(data: item.data, size: item.size, type: inStream)),
                "side data", source.name)
            found.append(inStream)
        }
        if let transfer = first.colours.transfer, ["smpte2084", "arib-std-b67"].contains(transfer),
            Container.losesColourTags(stream.parameters.codec_id, muxer.container)
        {
            notes.append(
                "\(source.name): container \(muxer.containerName) cannot say that the picture is HDR (\(transfer)), and its colours will look "
                    + "wrong; matroska can")
        }
        if found.contains(AV_PKT_DATA_DISPLAYMATRIX), !Container.holdsRotation(muxer.container) {
            notes.append(
                "\(source.name): container \(muxer.containerName) cannot say that the picture is to be turned or mirrored"
            )
        }
    }

    /// Copies the file's own metadata, and chapters, as far as the result has them and it is known which those are.
    static func copyGlobals(from demuxer: Demuxer, to muxer: Muxer, _ timing: CopyTiming) throws(MediaError) {
        try copyMetadata(
            demuxer.context.pointee.metadata, to: &muxer.context.pointee.metadata, for: demuxer.path)
        if !timing.endsWithVideo || !Container.takesChaptersAtItsEnd(muxer) {
            try copyChapters(from: demuxer, to: muxer, timing)
        }
    }

    /// Copies chapters, as far as the result has them.
    static func copyChapters(from demuxer: Demuxer, to muxer: Muxer, _ timing: CopyTiming) throws(MediaError)
    {
        let source = demuxer.context.pointee
        for index in 0..<Int(source.nb_chapters) {
            guard let chapter = source.chapters[index], var placed = timing.place(chapter.pointee) else {
                continue
            }
            try FFmpeg.check(cffmpeg_add_chapter(muxer.context, &placed), "chapters", demuxer.path)
        }
    }

    /// A track of chapter titles, which demuxers list both as chapters and as a stream to be ignored.
    static func isChapterTrack(_ stream: UnsafeMutablePointer<AVStream>, of demuxer: Demuxer) -> Bool {
        demuxer.context.pointee.nb_chapters > 0 && stream.pointee.discard == AVDISCARD_ALL
            && [AVMEDIA_TYPE_DATA, AVMEDIA_TYPE_SUBTITLE].contains(stream.parameters.codec_type)
    }

    /// Why a container cannot hold a stream; nil if it can.
    private static func refusal(
        of source: UnsafeMutablePointer<AVStream>, _ coverPlace: CoverPicture.Place?,
        beside video: Container.TrialStream, _ muxer: Muxer
    ) throws(MediaError) -> String? {
        let parameters = source.parameters
        let isAttachment = parameters.codec_type == AVMEDIA_TYPE_ATTACHMENT
        if isAttachment { return muxer.containerName == "matroska" ? nil : "holds no attachments" }
        if source.isAttachedPicture, coverPlace == nil { return "holds no cover pictures" }
        guard parameters.codec_id != AV_CODEC_ID_NONE,
            Container.holds(parameters.codec_id, muxer.container) ?? hasDefault(parameters.codec_type, muxer)
        else { return "cannot hold it" }
        // What MP4 and Matroska store has no start codes, which AVI's muxer finds out only at the first packet.
        if parameters.codec_id == AV_CODEC_ID_H264, parameters.extradata_size > 0,
            parameters.extradata.pointee == 1, muxer.containerName == "avi"
        {
            return "holds H.264 with start codes alone"
        }
        let trial = Container.TrialStream(
            parameters: source.pointee.codecpar, timeBase: source.pointee.time_base,
            disposition: source.isAttachedPicture ? AV_DISPOSITION_ATTACHED_PIC : source.pointee.disposition,
            frameRate: source.pointee.avg_frame_rate, metadata: source.pointee.metadata)
        guard case .refused(let reason) = try Container.trial(muxer.container, [video, trial]) else {
            return nil
        }
        return "cannot hold it" + (reason.map { ": \($0)" } ?? "")
    }

    /// Where there is no table of codecs to look in, a container holds what it has a default codec for.
    private static func hasDefault(_ type: AVMediaType, _ muxer: Muxer) -> Bool {
        let container = muxer.container.pointee
        return switch type {
        case AVMEDIA_TYPE_AUDIO: container.audio_codec != AV_CODEC_ID_NONE
        case AVMEDIA_TYPE_VIDEO: container.video_codec != AV_CODEC_ID_NONE
        case AVMEDIA_TYPE_SUBTITLE: container.subtitle_codec != AV_CODEC_ID_NONE
        default: false
        }
    }

    /// A tag means a codec within one family of containers; elsewhere the muxer chooses its own.
    static func dropForeignTag(
        _ stream: UnsafeMutablePointer<AVStream>, _ container: UnsafePointer<AVOutputFormat>
    ) {
        let parameters = stream.parameters
        if let tags = container.pointee.codec_tag,
            av_codec_get_id(tags, parameters.codec_tag) == parameters.codec_id
        {
            return
        }
        stream.pointee.codecpar.pointee.codec_tag = 0
    }

    static func copyMetadata(
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
