import CFFmpeg
import Foundation
import Timing

/// The streams of the result that are not interpolated: copied, cut and shifted, or stretched.
///
/// Sendable without checks: packets come from the reader's thread and the video's progress from the writer's; a lock orders
/// what they share.
final class SideStreams: @unchecked Sendable {
    private let muxer: Muxer
    private let timing: CopyTiming
    /// Keeps the input's streams alive.
    private let demuxer: Demuxer?
    /// Where the input's streams go, by their index; those that are missing are dropped.
    private var copies: [Int: CopiedStream] = [:]
    private var stretched: [Int: (stretcher: SoundStretcher, stream: UnsafeMutablePointer<AVStream>)] = [:]
    private let lock = NSLock()
    /// Packets behind the video's end so far, where the streams end with the video.
    private var waiting: [Waiting] = []
    private var videoEnd = Rational.zero

    /// A packet that is written when the video is known to last longer.
    private struct Waiting {
        let stream: Int
        /// When it begins, in seconds of the result, and where it can be cut, when it ends.
        let (time, end): (Rational, Rational?)
        /// Writes it, to be shown until a time if one is given.
        let write: (Rational?) throws -> Void

        /// Whether all of it lies before the video's end.
        func fits(before videoEnd: Rational) -> Bool {
            end.map { time < videoEnd && $0 <= videoEnd } ?? (time < videoEnd)
        }
    }

    init(_ muxer: Muxer, _ demuxer: Demuxer?, _ timing: CopyTiming) {
        (self.muxer, self.demuxer, self.timing) = (muxer, demuxer, timing)
    }

    /// Adds a stream like one of the input. Returns why, where the result cannot have it; a note says so, too.
    func add(
        _ input: UnsafeMutablePointer<AVStream>, beside video: Container.TrialStream, _ notes: inout [String]
    ) throws(MediaError) -> String? {
        guard timing.copiesOthers else { return "a segment holds video only" }
        let before = notes.count
        try addIfPossible(input, beside: video, &notes)
        // A note on one that is kept says what becomes of it.
        let index = Int(input.pointee.index)
        guard copies[index] == nil, stretched[index] == nil, notes.count > before, let note = notes.last
        else {
            return nil
        }
        let opening = "\(input.name) is dropped: "
        return note.hasPrefix(opening) ? String(note.dropFirst(opening.count)) : note
    }

    private func addIfPossible(
        _ input: UnsafeMutablePointer<AVStream>, beside video: Container.TrialStream, _ notes: inout [String]
    ) throws(MediaError) {
        let index = Int(input.pointee.index)
        if let reason = timing.refusal(of: input) {
            notes.append("\(input.name) is dropped: \(reason)")
            return
        }
        if timing.stretch != Rational(1), input.parameters.codec_type == AVMEDIA_TYPE_AUDIO {
            try addStretched(input, index, beside: video, &notes)
        } else if let stream = try StreamCopy.addStream(input, beside: video, to: muxer, &notes) {
            copies[index] = CopiedStream(stream, from: input.pointee.time_base, in: muxer)
        }
    }

    private func addStretched(
        _ input: UnsafeMutablePointer<AVStream>, _ index: Int, beside video: Container.TrialStream,
        _ notes: inout [String]
    ) throws(MediaError) {
        guard let stretcher = try stretcher(of: input, beside: video, &notes) else { return }
        let stream = try muxer.addStream()
        try FFmpeg.check(
            avcodec_parameters_from_context(stream.pointee.codecpar, stretcher.encoder),
            "avcodec_parameters_from_context", input.name)
        stream.pointee.time_base = stretcher.encoder.pointee.time_base
        stream.pointee.disposition = input.pointee.disposition
        try StreamCopy.copyMetadata(
            input.pointee.metadata, to: &stream.pointee.metadata, for: input.name, encoded: true)
        stretched[index] = (stretcher, stream)
    }

    /// Encodes stretched sound like the input's, or as the container has it by default where the one is not possible. Adds a
    /// note where it is another kind of sound then, and where there is no way at all.
    private func stretcher(
        of input: UnsafeMutablePointer<AVStream>, beside video: Container.TrialStream,
        _ notes: inout [String]
    ) throws(MediaError) -> SoundStretcher? {
        let own = input.parameters.codec_id
        var reason: String?
        for codec in [own, muxer.container.pointee.audio_codec] where codec != AV_CODEC_ID_NONE {
            do throws(MediaError) {
                let made = try SoundStretcher(input, as: codec, for: muxer, timing)
                if let refusal = try refusal(of: made, beside: video) {
                    reason = reason ?? "container \(muxer.containerName) \(refusal)"
                    continue
                }
                if codec != own {
                    notes.append("\(input.name): its sound is encoded as \(FFmpeg.codecName(codec))")
                }
                return made
            } catch {
                let opening = "\(input.name): "
                reason =
                    reason
                    ?? (error.description.hasPrefix(opening)
                        ? String(error.description.dropFirst(opening.count)) : error.description)
            }
        }
        notes.append(
            "\(input.name) is dropped: \(reason ?? "container \(muxer.containerName) cannot hold sound")")
        return nil
    }

    /// Why the muxer does not take stretched sound; nil if it does.
    private func refusal(of stretcher: SoundStretcher, beside video: Container.TrialStream) throws(MediaError)
        -> String?
    {
        let parameters = try FFmpeg.allocated(avcodec_parameters_alloc(), "avcodec_parameters_alloc")
        defer {
            var pointer: UnsafeMutablePointer<AVCodecParameters>? = parameters
            avcodec_parameters_free(&pointer)
        }
        try FFmpeg.check(
            avcodec_parameters_from_context(parameters, stretcher.encoder), "avcodec_parameters_from_context",
            "sound")
        if Container.holds(parameters.pointee.codec_id, muxer.container) == false { return "cannot hold it" }
        let trial = Container.TrialStream(
            parameters: parameters, timeBase: stretcher.encoder.pointee.time_base)
        guard case .refused(let reason) = try Container.trial(muxer.container, [video, trial]) else {
            return nil
        }
        return "cannot hold it" + (reason.map { ": \($0)" } ?? "")
    }

    /// Packets of copied streams whose times had to be changed.
    var repaired: Int { copies.values.reduce(0) { $0 + $1.repaired } }

    /// Copied streams whose frames may be shown in the wrong order, by their numbers in the input.
    var disordered: [Int] { copies.filter(\.value.isOrderUnknown).keys.sorted() }

    /// Packets of sound that could not be decoded, where it is stretched.
    var damage: Int { stretched.values.reduce(0) { $0 + $1.stretcher.damage } }

    /// Takes a packet of the input.
    func put(_ packet: Packet) throws {
        guard let input = demuxer?.streams[packet.streamIndex] else { return }
        if let (stretcher, stream) = stretched[packet.streamIndex] {
            guard timing.includes(packet, of: input) else { return }
            try stretcher.put(packet) { try write($0, of: stretcher, packet.streamIndex, to: stream) }
        } else if let copy = copies[packet.streamIndex], timing.place(packet, of: input) {
            let known = [packet.pointer.pointee.pts, packet.pointer.pointee.dts].first {
                $0 != cffmpeg_no_timestamp
            }
            let base = TimeBase(input.pointee.time_base)
            let time = known.flatMap(base.time) ?? .zero
            let isShown =
                input.parameters.codec_type == AVMEDIA_TYPE_SUBTITLE && packet.pointer.pointee.duration > 0
            let end = isShown ? time + Rational(packet.pointer.pointee.duration) * base.seconds : nil
            try writeOrWait(
                Waiting(stream: packet.streamIndex, time: time, end: end) { [muxer] cut in
                    if let cut { packet.pointer.pointee.duration = max(1, base.ticks(cut - time)) }
                    copy.schedule(packet)
                    try muxer.write(packet, to: copy.stream)
                })
        }
    }

    /// Says how far the video goes by now, in seconds of the result.
    func videoReached(_ end: Rational) throws {
        guard timing.endsWithVideo else { return }
        try lock.withLock {
            videoEnd = end
            try release()
        }
    }

    /// Gives out what is still held. What begins behind the video's end is left out where the streams end with it, and what is
    /// shown beyond that is cut there.
    func finish() throws {
        for (index, (stretcher, stream)) in stretched {
            try stretcher.finish { try write($0, of: stretcher, index, to: stream) }
        }
        guard timing.endsWithVideo else { return }
        try lock.withLock {
            for packet in waiting where packet.time < videoEnd {
                try packet.write(packet.fits(before: videoEnd) ? nil : videoEnd)
            }
            waiting = []
        }
        if let demuxer, Container.takesChaptersAtItsEnd(muxer) {
            var known = timing
            known.end = timing.input(videoEnd)
            try StreamCopy.copyChapters(from: demuxer, to: muxer, known)
        }
    }

    private func write(
        _ packet: Packet, of stretcher: SoundStretcher, _ index: Int,
        to stream: UnsafeMutablePointer<AVStream>
    ) throws {
        let base = stretcher.encoder.pointee.time_base
        let time = TimeBase(base).time(packet.pointer.pointee.pts) ?? .zero
        try writeOrWait(
            Waiting(stream: index, time: time, end: nil) { [muxer] _ in
                av_packet_rescale_ts(packet.pointer, base, stream.pointee.time_base)
                try muxer.write(packet, to: stream)
            })
    }

    private func writeOrWait(_ packet: Waiting) throws {
        guard timing.endsWithVideo else { return try packet.write(nil) }
        try lock.withLock {
            waiting.append(packet)
            try release()
        }
    }

    /// Writes what lies before the video's end, each stream's packets in the order they came.
    private func release() throws {
        var held: Set<Int> = []
        var (ready, rest): ([Waiting], [Waiting]) = ([], [])
        for packet in waiting {
            if !held.contains(packet.stream), packet.fits(before: videoEnd) {
                ready.append(packet)
            } else {
                // Sound behind the video's end may be followed by sound before it.
                if packet.end != nil { held.insert(packet.stream) }
                rest.append(packet)
            }
        }
        waiting = rest
        for packet in ready { try packet.write(nil) }
    }
}
