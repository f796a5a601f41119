import CFFmpeg
import Timing

/// Writes frames as a video, with everything else of the input beside them.
///
/// Frames of the input's own format go to the encoder as they are. The file appears under its name when it is complete.
///
/// Sendable without checks: one thread writes frames, and the packets that the reader's thread brings go through the
/// muxer's lock.
public final class VideoWriter: @unchecked Sendable {
    private let file: PartialFile
    private let muxer: Muxer
    private let encoder: VideoEncoder
    private let stream: UnsafeMutablePointer<AVStream>
    /// Where the input's streams go; those that are missing are dropped.
    private var copies: [Int: (stream: UnsafeMutablePointer<AVStream>, timeBase: AVRational)] = [:]
    private var setUpNotes: [String] = []

    /// Opens the output and connects it to the reader, whose other streams are copied from now on.
    ///
    /// - Parameters:
    ///   - rate: The output's nominal frame rate.
    ///   - timeBase: A unit in which all output times are whole, as far as one exists.
    public init(
        path: String, copying reader: VideoReader, first frame: VideoFrame, rate: Rational,
        timeBase: Rational,
        settings: EncoderSettings, overwrite: Bool, inputs: [String]
    ) throws {
        try PartialFile.check(path, overwrite: overwrite, inputs: inputs)
        muxer = try Muxer(path: path)
        let codec = try EncoderChoice.encoder(for: muxer.container, settings)
        let codecID = codec.pointee.id
        guard avformat_query_codec(muxer.container, codecID, FF_COMPLIANCE_EXPERIMENTAL) != 0 else {
            throw MediaError.codecNotInContainer(
                codec: FFmpeg.codecName(codecID), container: muxer.containerName)
        }
        let isConstantRateOnly = !muxer.has(AVFMT_VARIABLE_FPS) || Self.needsRateAsTimeBase(codecID)
        encoder = try VideoEncoder(
            codec,
            VideoEncoder.Source(
                first: frame, timeBase: TimeBase(isConstantRateOnly ? rate.reciprocal : timeBase),
                frameRate: rate, sampleAspectRatio: reader.video.sampleAspectRatio,
                needsGlobalHeader: muxer.has(AVFMT_GLOBALHEADER),
                allowsReordering: muxer.containerName != "avi"),
            settings)
        file = try PartialFile(path, overwrite: overwrite, inputs: inputs)
        stream = try Self.addStreams(
            muxer, reader, encoder, rate: rate, copies: &copies, notes: &setUpNotes)
        try muxer.begin(writingTo: file.partialPath)
        try reader.passOtherPackets { [unowned self] packet in try copy(packet) }
    }

    /// Encodes a frame.
    public func write(_ frame: VideoFrame, at time: Rational, duration: Rational) throws {
        try encoder.encode(frame, at: time, duration: duration, writePacket)
    }

    /// Writes what is still held, ends the file and puts it under its name.
    public func finish() throws {
        try encoder.finish(writePacket)
        try muxer.finish()
        try file.complete()
    }

    /// What a user should know: conversions, dropped streams and frames.
    public var notes: [String] {
        var notes = encoder.notes + setUpNotes
        if encoder.dropped > 0 {
            notes.append(
                "container \(muxer.containerName) only holds a constant rate: \(encoder.dropped) frames had no place"
            )
        }
        return notes
    }

    private func writePacket(_ packet: Packet) throws {
        try muxer.write(packet, to: stream, from: encoder.timeBase.ffmpeg)
    }

    private func copy(_ packet: Packet) throws {
        guard let (stream, timeBase) = copies[packet.streamIndex] else { return }
        try muxer.write(packet, to: stream, from: timeBase)
    }

    /// Adds the output's streams in the input's order.
    private static func addStreams(
        _ muxer: Muxer, _ reader: VideoReader, _ encoder: VideoEncoder, rate: Rational,
        copies: inout [Int: (stream: UnsafeMutablePointer<AVStream>, timeBase: AVRational)],
        notes: inout [String]
    ) throws -> UnsafeMutablePointer<AVStream> {
        guard let demuxer = reader.container, let source = reader.videoStream else {
            return try addVideo(muxer, encoder, rate: rate)
        }
        var video: UnsafeMutablePointer<AVStream>?
        for input in demuxer.streams {
            if input == source {
                let added = try addVideo(muxer, encoder, rate: rate)
                try StreamCopy.describeVideo(added, like: input)
                video = added
            } else if !StreamCopy.isChapterTrack(input, of: demuxer),
                let copied = try StreamCopy.addStream(input, to: muxer, &notes)
            {
                copies[Int(input.pointee.index)] = (copied, input.pointee.time_base)
            }
        }
        try StreamCopy.copyGlobals(from: demuxer, to: muxer)
        return try video ?? addVideo(muxer, encoder, rate: rate)
    }

    private static func addVideo(_ muxer: Muxer, _ encoder: VideoEncoder, rate: Rational) throws
        -> UnsafeMutablePointer<AVStream>
    {
        let stream = try muxer.addStream()
        try FFmpeg.check(
            avcodec_parameters_from_context(stream.pointee.codecpar, encoder.context),
            "avcodec_parameters_from_context", "video")
        stream.pointee.time_base = encoder.timeBase.ffmpeg
        stream.pointee.avg_frame_rate = rate.ffmpeg
        stream.pointee.sample_aspect_ratio = encoder.context.pointee.sample_aspect_ratio
        return stream
    }

    /// Codecs whose own header holds the rate in few bits.
    private static func needsRateAsTimeBase(_ codec: AVCodecID) -> Bool {
        [
            AV_CODEC_ID_MPEG4, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_H263,
            AV_CODEC_ID_THEORA,
        ]
        .contains(codec)
    }
}
