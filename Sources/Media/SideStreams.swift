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
    private var waiting: [(time: Rational, write: () throws -> Void)] = []
    private var videoEnd = Rational.zero

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
        guard notes.count > before, let note = notes.last else { return nil }
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
            try addStretched(input, index, &notes)
        } else if let stream = try StreamCopy.addStream(input, beside: video, to: muxer, &notes) {
            copies[index] = CopiedStream(stream, from: input.pointee.time_base, in: muxer)
        }
    }

    private func addStretched(_ input: UnsafeMutablePointer<AVStream>, _ index: Int, _ notes: inout [String])
        throws(MediaError)
    {
        let stretcher: SoundStretcher
        do {
            stretcher = try SoundStretcher(input, for: muxer, timing)
        } catch {
            notes.append("\(input.name) is dropped: \(error)")
            return
        }
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

    /// Packets of copied streams whose times had to be changed.
    var repaired: Int { copies.values.reduce(0) { $0 + $1.repaired } }

    /// Packets of sound that could not be decoded, where it is stretched.
    var damage: Int { stretched.values.reduce(0) { $0 + $1.stretcher.damage } }

    /// Takes a packet of the input.
    func put(_ packet: Packet) throws {
        guard let input = demuxer?.streams[packet.streamIndex] else { return }
        if let (stretcher, stream) = stretched[packet.streamIndex] {
            guard timing.includes(packet, of: input) else { return }
            try stretcher.put(packet) { try write($0, of: stretcher, to: stream) }
        } else if let copy = copies[packet.streamIndex], timing.place(packet, of: input) {
            let known = [packet.pointer.pointee.pts, packet.pointer.pointee.dts].first {
                $0 != cffmpeg_no_timestamp
            }
            let time = known.flatMap(TimeBase(input.pointee.time_base).time) ?? .zero
            try writeOrWait(time) { [muxer] in
                copy.schedule(packet)
                try muxer.write(packet, to: copy.stream)
            }
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

    /// Gives out what is still held; what begins behind the video's end is left out where the streams end with it.
    func finish() throws {
        for (stretcher, stream) in stretched.values {
            try stretcher.finish { try write($0, of: stretcher, to: stream) }
        }
    }

    private func write(
        _ packet: Packet, of stretcher: SoundStretcher, to stream: UnsafeMutablePointer<AVStream>
    ) throws {
        let base = stretcher.encoder.pointee.time_base
        let time = TimeBase(base).time(packet.pointer.pointee.pts) ?? .zero
        try writeOrWait(time) { [muxer] in
            av_packet_rescale_ts(packet.pointer, base, stream.pointee.time_base)
            try muxer.write(packet, to: stream)
        }
    }

    private func writeOrWait(_ time: Rational, _ write: @escaping () throws -> Void) throws {
        guard timing.endsWithVideo else { return try write() }
        try lock.withLock {
            waiting.append((time, write))
            try release()
        }
    }

    /// Writes what begins before the video's end, in the order it came.
    private func release() throws {
        let ready = waiting.filter { $0.time < videoEnd }
        waiting.removeAll { $0.time < videoEnd }
        for packet in ready { try packet.write() }
    }
}
