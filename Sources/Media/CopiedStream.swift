import CFFmpeg

/// A stream of the output whose packets come from the input as they are.
///
/// Muxers refuse packets whose decoding goes back in time. Damaged and spliced inputs have such packets: they are put right
/// behind the one before, and a missing time is where the one before ended. When frames are shown stays as it is, in any order.
final class CopiedStream {
    let stream: UnsafeMutablePointer<AVStream>
    private let timeBase: AVRational
    private let isStrict: Bool
    private var last: (dts: Int64, duration: Int64)?
    private var decodingTimes: DecodingTimes
    private var soundClock = cffmpeg_no_timestamp
    /// Packets whose times had to be changed.
    private(set) var repaired = 0

    /// Whether nothing says when frames are shown that are stored in another order.
    private(set) var isOrderUnknown = false

    /// `timeBase` is that of the input's packets.
    init(_ stream: UnsafeMutablePointer<AVStream>, from timeBase: AVRational, in muxer: Muxer) {
        self.stream = stream
        self.timeBase = timeBase
        decodingTimes = DecodingTimes(stream.parameters)
        let isSparse = [AVMEDIA_TYPE_SUBTITLE, AVMEDIA_TYPE_DATA].contains(stream.parameters.codec_type)
        isStrict = !muxer.has(AVFMT_TS_NONSTRICT) && !isSparse
    }

    /// Brings the packet's times into the output's time base, in an order that the muxer takes.
    func schedule(_ packet: Packet) {
        let pointer = packet.pointer
        if !countSamples(packet) { av_packet_rescale_ts(pointer, timeBase, stream.pointee.time_base) }
        let known = decodingTimes.next(pointer.pointee, frameDuration: frameDuration)
        var dts = known ?? last.map { $0.dts &+ max(1, $0.duration) } ?? 0
        // Nothing is decoded after it is shown.
        if pointer.pointee.pts != cffmpeg_no_timestamp { dts = min(dts, pointer.pointee.pts) }
        let isRepeat = last.map { isStrict ? dts <= $0.dts : dts < $0.dts } ?? false
        if isRepeat, let last { dts = last.dts &+ (isStrict ? 1 : 0) }
        // A cover picture has no time to begin with.
        if isRepeat || known == nil && !stream.isAttachedPicture { repaired += 1 }
        pointer.pointee.dts = dts
        if pointer.pointee.pts == cffmpeg_no_timestamp, decodingTimes.isReordered { isOrderUnknown = true }
        if pointer.pointee.pts == cffmpeg_no_timestamp || pointer.pointee.pts < dts {
            pointer.pointee.pts = dts
        }
        last = (dts, pointer.pointee.duration)
    }

    /// How long a frame lasts by the stream's rate, in ticks of the output; 0 where it states none.
    private var frameDuration: Int64 {
        let rate = stream.pointee.avg_frame_rate
        guard rate.num > 0, rate.den > 0 else { return 0 }
        return av_rescale_q(1, AVRational(num: rate.den, den: rate.num), stream.pointee.time_base)
    }

    /// Times sound to the sample where the input's time base is coarser than that (milliseconds in Matroska) and the output's
    /// is not: times are counted on from the packets before, as long as that agrees with the input.
    private func countSamples(_ packet: Packet) -> Bool {
        let parameters = stream.parameters
        let (pointer, output) = (packet.pointer, stream.pointee.time_base)
        guard parameters.codec_type == AVMEDIA_TYPE_AUDIO, parameters.sample_rate > 0,
            pointer.pointee.dts != cffmpeg_no_timestamp
        else { return false }
        let sample = AVRational(num: 1, den: parameters.sample_rate)
        guard av_cmp_q(timeBase, sample) > 0, av_cmp_q(output, timeBase) < 0 else { return false }
        var length = av_get_audio_frame_duration2(stream.pointee.codecpar, pointer.pointee.size)
        if length <= 0 { length = parameters.frame_size }
        guard length > 0 else { return false }
        let time = av_rescale_delta(timeBase, pointer.pointee.dts, sample, length, &soundClock, sample)
        pointer.pointee.dts = av_rescale_q(time, sample, output)
        pointer.pointee.pts = pointer.pointee.dts
        pointer.pointee.duration = av_rescale_q(Int64(length), sample, output)
        return true
    }
}
