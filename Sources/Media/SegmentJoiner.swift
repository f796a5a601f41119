import CFFmpeg
import Timing

/// Why segments do not make one video.
public enum SegmentError: Error, Sendable, CustomStringConvertible {
    /// It was encoded otherwise than the first one.
    case differs(path: String, property: String)
    /// It does not begin where the one before it ends; times in seconds.
    /// `helpsToSort` tells whether sorting the segments would help.
    case doesNotFollow(path: String, expected: Rational, found: Rational, helpsToSort: Bool)
    /// It shows what the clip that is named has not.
    case isNotOf(path: String, clip: String, reason: String)
    /// Its frames follow one another at another rate than those of the first one; both in seconds.
    case differsInRate(path: String, expected: Rational, found: Rational)
    case isEmpty(path: String)
    /// The result has other frames than the segments.
    case wrongCount(path: String, expected: Int, got: Int)

    public var description: String {
        switch self {
        case .differs(let path, let property):
            "\(path): its \(property) is not that of the first segment; render all with the same options"
        case .doesNotFollow(let path, let expected, let found, let helpsToSort):
            "\(path): begins at \(timeText(found)), but the segment before it ends at \(timeText(expected))"
                + (helpsToSort ? "; give them in the order of their times" : "")
        case .isNotOf(let path, let clip, let reason): "\(path): is not of \(clip): \(reason)"
        case .differsInRate(let path, let expected, let found):
            "\(path): has \(Self.rate(found)) frames a second, and the first segment \(Self.rate(expected)); render all at one "
                + "rate, or name the clip with --from where its own rate changes"
        case .isEmpty(let path): "\(path): holds no frames"
        case .wrongCount(let path, let expected, let got):
            "\(path): has \(counted(got, "frame")) after joining, not \(expected)"
        }
    }

    private static func rate(_ spacing: Rational) -> String {
        let rate = (spacing.reciprocal * Rational(1000)).rounded
        return rate % 1000 == 0 ? "\(rate / 1000)" : "\(Double(rate) / 1000)"
    }
}

/// Puts segments of a video, which follow one another in time, into one file without encoding them anew.
public struct SegmentJoiner {
    /// What was found in a segment.
    struct Segment {
        let demuxer: Demuxer
        let stream: UnsafeMutablePointer<AVStream>
        let times: SegmentTimes
    }

    /// The clip that segments are from.
    struct Original {
        let demuxer: Demuxer
        /// nil where it has no video with times.
        let times: SegmentTimes?

        init(_ path: String) throws {
            let demuxer = try Demuxer(path: path)
            self.demuxer = demuxer
            times = try demuxer.videoStream.flatMap { try SegmentTimes(of: $0, in: demuxer) }
        }
    }

    private let paths: [String]
    /// The file whose other streams the result gets; nil for none.
    private let original: String?

    public init(_ paths: [String], original: String?) {
        (self.paths, self.original) = (paths, original)
    }

    /// What became of segments.
    public struct Joined: Sendable {
        public var frames: Int
        /// From when to when they go, for messages.
        public var (start, end): (String, String)
        /// What a user should know.
        public var notes: [String]
    }

    /// Checks the segments, writes the result and counts its frames.
    ///
    /// - Throws: ``SegmentError`` where segments do not fit together; nothing is written then.
    public func join(to path: String, overwrite: Bool) throws -> Joined {
        let inputs = paths + (original.map { [$0] } ?? [])
        try PartialFile.check(path, overwrite: overwrite, inputs: inputs)
        let segments = try paths.map(Self.examine)
        let clip = try original.map(Original.init)
        try Self.check(segments, of: clip)
        var notes = try clip.map { try Self.differences(segments, from: $0) } ?? []
        let muxer = try Muxer(path: path)
        let file = try PartialFile(path, overwrite: overwrite, inputs: inputs)
        do {
            let writer = try JoinWriter(muxer, first: segments[0], original: original, &notes)
            try muxer.begin(writingTo: file.partialPath)
            for path in paths { try writer.copy(path) }
            try writer.finish()
            try muxer.finish()
            let (frames, written) = (
                segments.reduce(0) { $0 + $1.times.frames }, try Self.examine(file.partialPath)
            )
            guard written.times.frames == frames else {
                throw SegmentError.wrongCount(path: path, expected: frames, got: written.times.frames)
            }
            try file.complete()
            let (start, end) = (segments[0].times.start, segments[segments.count - 1].times.end)
            return Joined(frames: frames, start: timeText(start), end: timeText(end), notes: notes)
        } catch {
            file.discard()
            throw error
        }
    }

    /// Reads all of a segment's packets.
    private static func examine(_ path: String) throws -> Segment {
        let demuxer = try Demuxer(path: path)
        guard let stream = demuxer.videoStream else { throw MediaError.noVideoStream(path: path) }
        guard let times = try SegmentTimes(of: stream, in: demuxer) else {
            throw SegmentError.isEmpty(path: path)
        }
        return Segment(demuxer: demuxer, stream: stream, times: times)
    }

    private static func check(_ segments: [Segment], of clip: Original?) throws(SegmentError) {
        guard let first = segments.first else { return }
        // Their headers mostly differ, too, and say less.
        try checkRate(segments, of: clip)
        let wanted = first.stream.parameters
        for (before, segment) in zip(segments, segments.dropFirst()) {
            let (path, found) = (segment.demuxer.path, segment.stream.parameters)
            if found.codec_id != wanted.codec_id { throw .differs(path: path, property: "codec") }
            if found.width != wanted.width || found.height != wanted.height {
                throw .differs(path: path, property: "size")
            }
            if found.format != wanted.format { throw .differs(path: path, property: "pixel format") }
            guard found.extradata_size == wanted.extradata_size,
                found.extradata_size == 0
                    || memcmp(found.extradata, wanted.extradata, Int(found.extradata_size)) == 0
            else { throw .differs(path: path, property: "encoder's header") }
            // Containers round to ticks of their own, at either side.
            let tick = TimeBase(segment.stream.pointee.time_base).seconds
            let (start, end) = (segment.times.start, before.times.end)
            let gap = start > end ? start - end : end - start
            if gap > tick {
                throw .doesNotFollow(
                    path: path, expected: end, found: start, helpsToSort: followWhenSorted(segments))
            }
        }
    }

    /// Whether all segments follow one another in the order of their times, which is not the one they were given in.
    private static func followWhenSorted(_ segments: [Segment]) -> Bool {
        let sorted = segments.sorted { $0.times.start < $1.times.start }
        return zip(sorted, sorted.dropFirst()).allSatisfy { before, segment in
            let (start, end) = (segment.times.start, before.times.end)
            return (start > end ? start - end : end - start)
                <= TimeBase(segment.stream.pointee.time_base).seconds
        }
    }

    /// Refuses segments of several rates, which play as if each was right. Where the clip's own rate changes they may be sound.
    private static func checkRate(_ segments: [Segment], of clip: Original?) throws(SegmentError) {
        if let times = clip?.times, !times.isSteady { return }
        let steady = segments.filter(\.times.isSteady)
        guard let first = steady.first?.times else { return }
        for segment in steady.dropFirst() {
            let (found, expected) = (segment.times.spacing, first.spacing)
            let difference = found > expected ? found - expected : expected - found
            if difference > segment.times.tolerance + first.tolerance {
                throw .differsInRate(path: segment.demuxer.path, expected: expected, found: found)
            }
        }
    }
}

/// The result of joining while it is written.
private final class JoinWriter {
    private let muxer: Muxer
    private let video: CopiedStream
    private let unit: AVRational
    private let original: Demuxer?
    private var copies: [Int: CopiedStream] = [:]
    /// A packet of the original that was read and lies ahead of the video.
    private var ahead: Packet?

    init(
        _ muxer: Muxer, first: SegmentJoiner.Segment, original path: String?, _ notes: inout [String]
    ) throws {
        self.muxer = muxer
        original = try path.map { path throws(MediaError) in try Demuxer(path: path) }
        unit = first.stream.pointee.time_base
        let trial = Container.TrialStream(
            parameters: first.stream.pointee.codecpar, timeBase: unit,
            frameRate: first.stream.pointee.avg_frame_rate)
        var added: UnsafeMutablePointer<AVStream>?
        func addVideo() throws -> UnsafeMutablePointer<AVStream> {
            guard let stream = try StreamCopy.addStream(first.stream, beside: trial, to: muxer, &notes) else {
                throw MediaError.codecNotInContainer(
                    codec: FFmpeg.codecName(first.stream.parameters.codec_id), container: muxer.containerName,
                    reason: nil)
            }
            return stream
        }
        if let original {
            let interpolated = original.videoStream
            for input in original.streams {
                if input == interpolated {
                    added = try addVideo()
                } else if Timecode.isTrack(input) {
                    // The muxer makes it anew, from what the segments state.
                    continue
                } else if !StreamCopy.isChapterTrack(input, of: original),
                    let stream = try StreamCopy.addStream(input, beside: trial, to: muxer, &notes)
                {
                    copies[Int(input.pointee.index)] = CopiedStream(
                        stream, from: input.pointee.time_base, in: muxer)
                }
            }
        }
        let stream = try added ?? addVideo()
        video = CopiedStream(stream, from: unit, in: muxer)
        try StreamCopy.copyGlobals(from: original ?? first.demuxer, to: muxer, .unchanged)
        // The original's frames are labelled at another rate.
        Timecode.state(Timecode.label(of: first.stream, in: first.demuxer), of: stream, in: muxer)
    }

    /// Copies the video of a segment, and of the original what lies before its packets.
    func copy(_ path: String) throws {
        let demuxer = try Demuxer(path: path)
        guard let stream = demuxer.videoStream else { throw MediaError.noVideoStream(path: path) }
        let base = stream.pointee.time_base
        while let packet = try demuxer.readPacket() {
            guard packet.streamIndex == Int(stream.pointee.index) else { continue }
            let time = TimeBase(base).time(packet.pointer.pointee.dts)
            av_packet_rescale_ts(packet.pointer, base, unit)
            video.schedule(packet)
            try muxer.write(packet, to: video.stream)
            if let time { try copyOriginal(before: time) }
        }
    }

    func finish() throws { try copyOriginal(before: nil) }

    private func copyOriginal(before limit: Rational?) throws {
        guard let original else { return }
        while let packet = try ahead ?? original.readPacket() {
            ahead = nil
            guard let copy = copies[packet.streamIndex] else { continue }
            let base = TimeBase(original.streams[packet.streamIndex].pointee.time_base)
            if let limit, let time = base.time(packet.pointer.pointee.dts), time > limit {
                ahead = packet
                return
            }
            copy.schedule(packet)
            try muxer.write(packet, to: copy.stream)
        }
    }
}
