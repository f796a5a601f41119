import CFFmpeg
import Timing

/// Writes frames as a video, with everything else of the input beside them.
///
/// Frames of the input's own format go to the encoder as they are. The file appears under its name when it is complete.
///
/// Sendable without checks: one thread writes frames, and the packets that the reader's thread brings go through the
/// muxer's lock.
public final class VideoWriter: @unchecked Sendable {
    private let path: String
    /// nil for standard output.
    let file: PartialFile?
    let muxer: Muxer
    let encoder: VideoEncoder
    private let stream: UnsafeMutablePointer<AVStream>
    let sides: SideStreams
    let timing: CopyTiming
    let outputPath: String
    /// What segments have brought, where the frames come from them.
    var joined = Joined()
    private var setUpNotes: [String] = []

    /// Opens the output and connects it to the reader, whose other streams are copied from now on.
    ///
    /// - Parameters:
    ///   - path: The file, or `-` for standard output.
    ///   - rate: The output's nominal frame rate.
    ///   - isConstantRate: Whether all frames follow one another at that rate.
    ///   - timeBase: A unit in which all output times are whole, as far as one exists.
    ///   - timing: Which part of the input the frames show, and how fast; times of frames are those of the result.
    ///   - overwrite: Whether a file of that name is replaced, once the new one is complete.
    ///   - inputs: Files that must not be replaced.
    ///   - temporary: Where the file is written until it is complete, on the same file system.
    public init(
        path: String, copying reader: VideoReader, first frame: VideoFrame, rate: Rational,
        isConstantRate: Bool = false, timeBase: Rational, timing: CopyTiming = .unchanged,
        settings: EncoderSettings, overwrite: Bool, inputs: [String], temporary: String? = nil
    ) throws {
        (self.timing, outputPath) = (timing, path)
        let isPipe = path == StandardStream.path
        self.path = isPipe ? StandardStream.output : path
        if !isPipe { try PartialFile.check(path, overwrite: overwrite, inputs: inputs) }
        muxer = try Muxer(path: path, format: settings.container)
        var skipped: [String] = []
        encoder = try Self.encoder(
            muxer, frame, rate: rate, isConstantRate: isConstantRate, timeBase: timeBase,
            sampleAspectRatio: reader.video.sampleAspectRatio, settings, &skipped)
        file =
            isPipe
            ? nil : try PartialFile(path, overwrite: overwrite, inputs: inputs, temporary: temporary)
        setUpNotes = skipped
        sides = SideStreams(muxer, reader.container, timing)
        var plan: [OutputPlan.Stream] = []
        stream = try Self.addStreams(
            muxer, reader, encoder, first: frame, rate: rate, sides, timing, notes: &setUpNotes, plan: &plan)
        try muxer.begin(writingTo: file?.partialPath ?? StandardStream.outputURL)
        try reader.passOtherPackets { [weak sides] packet in try sides?.put(packet) }
    }

    /// Encodes a frame.
    public func write(_ frame: VideoFrame, at time: Rational, duration: Rational) throws {
        try encoder.encode(frame, at: time, duration: duration, writePacket)
        try sides.videoReached(time + duration)
    }

    /// The file that an output's name means, through links: what is beside the result lies beside it.
    public static func target(of path: String) throws -> String { try PartialFile.target(of: path) }

    /// Throws what the initialiser throws for a file that cannot be written, and creates nothing.
    public static func checkOutput(_ path: String, overwrite: Bool, inputs: [String]) throws {
        try PartialFile.check(path, overwrite: overwrite, inputs: inputs)
    }

    /// Writes what is still held, ends the file and puts it under its name.
    ///
    /// - Parameter expected: How many frames must have been written, where that is known: the file does not appear where
    ///   any of them is missing.
    public func finish(expecting expected: Int? = nil) throws {
        try encoder.finish(writePacket)
        try sides.finish()
        try muxer.finish()
        // What the container cannot tell apart was left out on purpose, and is in the notes.
        let expected = (expected ?? encoder.taken + encoder.dropped) - encoder.dropped
        guard encoder.passedOn == expected else {
            throw MediaError.wrongFrameCount(path: path, expected: expected, got: encoder.passedOn)
        }
        try file?.complete()
    }

    /// Removes what was written, after a failure. Without it that happens when the last reference goes, and a thread may
    /// hold one until after the process has ended.
    public func discard() { file?.discard() }

    /// What a user should know: conversions, dropped streams and frames.
    public var notes: [String] {
        var notes = encoder.notes + setUpNotes
        let (dropped, gaps) = (encoder.dropped + joined.dropped, encoder.gaps + joined.gaps)
        if dropped > 0 {
            notes.append(
                "frames left out, because container \(muxer.containerName) cannot tell their times apart: \(dropped)"
            )
        }
        if gaps > 0, Container.holdsNoTimes(muxer.container) {
            notes.append(
                "container \(muxer.containerName) holds no times: its frames follow one another at one rate, and pauses "
                    + "that are lost: \(gaps)")
        }
        if sides.repaired > 0 {
            notes.append(
                "\(counted(sides.repaired, "packet")) of other streams had no usable time and \(sides.repaired == 1 ? "was" : "were") put behind the one before"
            )
        }
        for index in sides.disordered {
            notes.append(
                "video stream \(index): its frames are stored in another order than they are shown in, and the input does not say "
                    + "when that is: they may play in the wrong order")
        }
        if sides.damage > 0 {
            notes.append("packets of sound that could not be decoded: \(sides.damage)")
        }
        return notes
    }

    func writePacket(_ packet: Packet) throws {
        av_packet_rescale_ts(packet.pointer, encoder.timeBase.ffmpeg, stream.pointee.time_base)
        try muxer.write(packet, to: stream)
    }

    /// The first encoder that takes the video. Where the user has chosen nothing, one that refuses gives way to the next.
    static func encoder(
        _ muxer: Muxer, _ frame: VideoFrame, rate: Rational, isConstantRate: Bool, timeBase: Rational,
        sampleAspectRatio: AVRational, _ settings: EncoderSettings, _ notes: inout [String]
    ) throws(MediaError) -> VideoEncoder {
        var refusal: MediaError?
        for codec in try EncoderChoice.encoders(for: muxer.container, toPipe: muxer.isPipe, settings) {
            let unit = try Self.timeBase(codec.pointee.id, frame, muxer, rate: rate, wanted: timeBase)
            let source = VideoEncoder.Source(
                first: frame, timeBase: TimeBase(unit), frameRate: rate,
                isConstantRate: isConstantRate, sampleAspectRatio: sampleAspectRatio,
                needsGlobalHeader: muxer.has(AVFMT_GLOBALHEADER),
                allowsReordering: muxer.containerName != "avi",
                containerFormats: Container.pixelFormats(muxer.container))
            do throws(MediaError) {
                let encoder = try VideoEncoder(codec, source, settings)
                if let loss = Fields.loss(of: frame, by: encoder.context, in: muxer.container) {
                    notes.append(loss)
                }
                if let refusal {
                    notes.append("\(refusal); \(FFmpeg.string(codec.pointee.name) ?? "another") is used")
                }
                return encoder
            } catch {
                refusal = refusal ?? error
                if settings.codec != nil || !settings.allOptions.isEmpty { break }
            }
        }
        throw refusal ?? .noEncoder(codec: "video")
    }

    /// The unit to count the output's times in: the one that is wanted, unless codec or container cannot hold it.
    private static func timeBase(
        _ codec: AVCodecID, _ frame: VideoFrame, _ muxer: Muxer, rate: Rational, wanted: Rational
    ) throws(MediaError) -> Rational {
        if !Container.holdsVariableRate(muxer.container) || needsRateAsTimeBase(codec) {
            return rate.reciprocal
        }
        // Frames closer together than the container's own unit would be an error there, unless equal times are not.
        guard !muxer.has(AVFMT_TS_NONSTRICT), let parameters = avcodec_parameters_alloc() else {
            return wanted
        }
        defer {
            var pointer: UnsafeMutablePointer<AVCodecParameters>? = parameters
            avcodec_parameters_free(&pointer)
        }
        parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
        parameters.pointee.codec_id = codec
        parameters.pointee.width = Int32(frame.width)
        parameters.pointee.height = Int32(frame.height)
        let trial = Container.TrialStream(
            parameters: parameters, timeBase: wanted.ffmpeg, frameRate: rate.ffmpeg)
        // Some muxers refuse streams without the encoder's header; they choose fine units.
        guard case .accepted(let units) = try Container.trial(muxer.container, [trial]),
            let unit = units.first.flatMap({ Rational($0) })
        else { return wanted }
        return max(unit, wanted)
    }

    /// Adds the output's streams in the input's order, and lists what becomes of each.
    static func addStreams(
        _ muxer: Muxer, _ reader: VideoReader, _ encoder: VideoEncoder, first: VideoFrame, rate: Rational,
        _ sides: SideStreams, _ timing: CopyTiming, notes: inout [String],
        plan: inout [OutputPlan.Stream]
    ) throws -> UnsafeMutablePointer<AVStream> {
        var video: UnsafeMutablePointer<AVStream>?
        for input in reader.container?.streams ?? [] where input == reader.videoStream {
            video = input
        }
        guard let demuxer = reader.container, let video else {
            return try addVideo(muxer, encoder, rate: rate)
        }
        // Streams are created in their order, but what else the container holds depends on the video.
        let parameters = try FFmpeg.allocated(avcodec_parameters_alloc(), "avcodec_parameters_alloc")
        defer {
            var pointer: UnsafeMutablePointer<AVCodecParameters>? = parameters
            avcodec_parameters_free(&pointer)
        }
        try FFmpeg.check(
            avcodec_parameters_from_context(parameters, encoder.context), "avcodec_parameters_from_context",
            "video")
        let trial = Container.TrialStream(
            parameters: parameters, timeBase: encoder.timeBase.ffmpeg, frameRate: rate.ffmpeg)
        if case .refused(let reason) = try Container.trial(muxer.container, [trial]) {
            throw MediaError.codecNotInContainer(
                codec: FFmpeg.codecName(parameters.pointee.codec_id), container: muxer.containerName,
                reason: reason)
        }
        var added: UnsafeMutablePointer<AVStream>?
        // One note names all that a stream of pictures loses; notes on what it does to the video stay.
        let losesAll = Container.holdsPicturesAlone(muxer.container) && timing.copiesOthers
        var losses: [String] = []
        let timecode = Timecode.fate(of: video, in: demuxer, at: rate, in: muxer.container, timing)
        for input in demuxer.streams {
            if input == video {
                let stream = try addVideo(muxer, encoder, rate: rate)
                try StreamCopy.describeVideo(stream, like: input, first, in: muxer, &notes)
                switch timecode {
                case .lost(let reason): losses.append("\(input.name): its time code is dropped: \(reason)")
                case .kept(_, let note?): losses.append("\(input.name): \(note)")
                case .kept, nil: break
                }
                added = stream
                plan.append(OutputPlan.Stream(input, isKept: true))
                plan[plan.count - 1].isInterpolated = true
            } else if Timecode.isTrack(input), timing.copiesOthers {
                // The video states it, too, and what becomes of it was said there.
                var reason: String?
                if case .lost(let loss) = timecode { reason = loss }
                if timecode == nil {
                    reason = "the video does not refer to it"
                    losses.append(
                        "time code stream \(input.pointee.index) is dropped: the video does not refer to it")
                }
                plan.append(OutputPlan.Stream(input, isKept: reason == nil, reason: reason))
            } else if !StreamCopy.isChapterTrack(input, of: demuxer) {
                let reason = try sides.add(input, beside: trial, &losses)
                plan.append(OutputPlan.Stream(input, isKept: reason == nil, reason: reason))
            }
        }
        if losesAll {
            let names = Leftovers.names(in: demuxer, besides: video, timing)
            if !names.isEmpty {
                notes.append(
                    "container \(muxer.containerName) holds pictures alone; dropped: "
                        + names.joined(separator: ", "))
            }
        } else if !Container.holdsChapters(muxer.container) {
            let chapters = Leftovers.chapterCount(in: demuxer, timing)
            if chapters > 0 {
                losses.append(
                    "\(counted(chapters, "chapter")) \(chapters == 1 ? "is" : "are") dropped: container \(muxer.containerName) holds none"
                )
            }
        }
        if !losesAll { notes += losses }
        try StreamCopy.copyGlobals(from: demuxer, to: muxer, timing)
        let stream = try added ?? addVideo(muxer, encoder, rate: rate)
        if case .kept(let code, _) = timecode {
            Timecode.state(code, of: stream, in: muxer)
        } else {
            Timecode.state(nil, of: stream, in: muxer)
        }
        return stream
    }

    private static func addVideo(_ muxer: Muxer, _ encoder: VideoEncoder, rate: Rational) throws(MediaError)
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
