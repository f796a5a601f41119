import CFFmpeg
import Timing

/// What a writer would do, found out without writing anything.
public struct OutputPlan: Sendable {
    /// A stream of the input, and what becomes of it.
    public struct Stream: Sendable, Hashable {
        public var index: Int
        /// `video`, `audio`, `subtitle`, `data` or `attachment`.
        public var kind: String
        public var codec: String
        /// Whether it is the video that new frames are made for.
        public var isInterpolated = false
        /// Whether the result has it.
        public var isKept: Bool
        /// Why it is dropped; nil where it is kept.
        public var reason: String?

        init(_ stream: UnsafeMutablePointer<AVStream>, isKept: Bool, reason: String? = nil) {
            index = Int(stream.pointee.index)
            kind = FFmpeg.mediaTypeName(stream.parameters.codec_type)
            codec = FFmpeg.codecName(stream.parameters.codec_id)
            (self.isKept, self.reason) = (isKept, reason)
        }
    }

    /// FFmpeg's name of the container, or `image` for numbered images.
    public var container: String
    public var encoder: String
    public var codec: String
    public var pixelFormat: String
    public var streams: [Stream]
    /// What a user should know: conversions and dropped streams.
    public var notes: [String]
}

extension VideoWriter {
    /// What the writer's initialiser would do with the same arguments. Throws what it would throw.
    ///
    /// - Parameter folderExists: Whether the output's folder is there; otherwise it is taken for granted.
    public static func plan(
        path: String, copying reader: VideoReader, first frame: VideoFrame, rate: Rational,
        isConstantRate: Bool, timeBase: Rational, timing: CopyTiming, settings: EncoderSettings,
        overwrite: Bool, inputs: [String], folderExists: Bool = true
    ) throws -> OutputPlan {
        if path != StandardStream.path, folderExists {
            try PartialFile.check(path, overwrite: overwrite, inputs: inputs)
            try PartialFile.checkFolder(of: path)
        }
        let muxer = try Muxer(path: path, format: settings.container)
        var notes: [String] = []
        let encoder = try encoder(
            muxer, frame, rate: rate, isConstantRate: isConstantRate, timeBase: timeBase,
            sampleAspectRatio: reader.video.sampleAspectRatio, settings, &notes)
        let sides = SideStreams(muxer, reader.container, timing)
        var streams: [OutputPlan.Stream] = []
        _ = try addStreams(
            muxer, reader, encoder, first: frame, rate: rate, sides, timing, notes: &notes, plan: &streams)
        return OutputPlan(
            container: muxer.containerName,
            encoder: FFmpeg.string(encoder.context.pointee.codec.pointee.name) ?? "?",
            codec: FFmpeg.codecName(encoder.context.pointee.codec_id),
            pixelFormat: encoder.context.pointee.pix_fmt.name, streams: streams, notes: encoder.notes + notes)
    }
}

extension ImageSequenceWriter {
    /// What a writer with the same arguments would do. Throws what its initialiser would throw.
    public static func plan(
        path: String, input: String, copying reader: VideoReader, timing: CopyTiming = .unchanged,
        settings: EncoderSettings, overwrite: Bool, folderExists: Bool = true
    ) throws -> OutputPlan {
        let writer = try ImageSequenceWriter(
            path: path, input: input, settings: settings, overwrite: overwrite,
            folder: folderExists ? .check : .accept)
        let streams = (reader.container?.streams ?? []).map { stream in
            let isVideo = stream == reader.videoStream
            var plan = OutputPlan.Stream(
                stream, isKept: isVideo, reason: isVideo ? nil : "images hold nothing else")
            plan.isInterpolated = isVideo
            return plan
        }
        let encoder = try reader.firstFrame.map { try writer.writer.encoder(for: $0) }
        return OutputPlan(
            container: "image", encoder: writer.writer.encoderName, codec: writer.writer.codecName,
            pixelFormat: encoder?.context.pointee.pix_fmt.name ?? "", streams: streams,
            notes: (encoder?.notes ?? [])
                + [reader.lossInImages(timing).map { "\(path): \($0)" }].compactMap(\.self))
    }
}

extension ImageWriter {
    /// What writing `frame` to `path` would do. Throws what writing would throw before it begins.
    public func plan(_ path: String, showing frame: VideoFrame) throws -> OutputPlan {
        try check(path)
        try PartialFile.checkFolder(of: path)
        let encoder = try encoder(for: frame)
        return OutputPlan(
            container: "image", encoder: encoderName, codec: codecName,
            pixelFormat: encoder.context.pointee.pix_fmt.name, streams: [], notes: encoder.notes)
    }
}

/// Names that this build of FFmpeg knows, for hints and completions.
public enum KnownNames {
    /// Encoders of video, and the codecs that they are for.
    public static var videoEncoders: [String] {
        var names: [String] = []
        var state: UnsafeMutableRawPointer?
        while let codec = av_codec_iterate(&state) {
            guard codec.pointee.type == AVMEDIA_TYPE_VIDEO, av_codec_is_encoder(codec) != 0 else { continue }
            names.append(FFmpeg.string(codec.pointee.name) ?? "")
            names.append(FFmpeg.codecName(codec.pointee.id))
        }
        return unique(names)
    }

    public static var pixelFormats: [String] {
        var names: [String] = []
        var description: UnsafePointer<AVPixFmtDescriptor>?
        while let next = av_pix_fmt_desc_next(description) {
            description = next
            if next.pointee.flags & UInt64(AV_PIX_FMT_FLAG_HWACCEL) == 0 {
                names.append(FFmpeg.string(next.pointee.name) ?? "")
            }
        }
        return unique(names)
    }

    /// Containers that hold video.
    public static var outputFormats: [String] {
        var names: [String] = []
        var state: UnsafeMutableRawPointer?
        while let format = av_muxer_iterate(&state) {
            if Container.isForVideo(format) { names.append(Container.name(of: format)) }
        }
        return unique(names)
    }

    public static var inputFormats: [String] {
        var names: [String] = []
        var state: UnsafeMutableRawPointer?
        while let format = av_demuxer_iterate(&state) {
            names += (FFmpeg.string(format.pointee.name) ?? "").split(separator: ",").map(String.init)
        }
        return unique(names)
    }

    private static func unique(_ names: [String]) -> [String] { Set(names).subtracting([""]).sorted() }
}

extension EncoderSettings {
    /// Throws where a name in it means nothing to this build of FFmpeg, whatever the video.
    public func checkNames() throws(MediaError) {
        if let codec { _ = try EncoderChoice.named(codec) }
        if let pixelFormat { _ = try AVPixelFormat.named(pixelFormat) }
    }
}
