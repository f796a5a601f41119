import CFFmpeg

/// Makes one clock of the times in an input whose clock may start anywhere, and start anew midway.
///
/// Transport and program streams (recordings of broadcasts, joined files) do both. Elsewhere times stay as they are.
struct StreamClock {
    /// Sound and video packets further than this from the one before do not follow it on the same clock. In microseconds.
    private static let greatestStep: Int64 = 10_000_000

    private let isDiscontinuous: Bool
    /// What is added to all times, in microseconds.
    private var offset: Int64 = 0
    /// The end of each stream's last packet, in microseconds of the resulting clock.
    private var ends: [Int32: Int64] = [:]
    private static let unit = AVRational(num: 1, den: AV_TIME_BASE)

    init(_ context: UnsafeMutablePointer<AVFormatContext>) {
        isDiscontinuous = context.pointee.iformat.pointee.flags & AVFMT_TS_DISCONT != 0
        if isDiscontinuous, context.pointee.start_time != cffmpeg_no_timestamp {
            offset = 0 &- context.pointee.start_time
        }
    }

    /// A time of a stream on the resulting clock; for those that describe the stream's beginning.
    func begin(_ time: Int64, in timeBase: AVRational) -> Int64 {
        isDiscontinuous && time != cffmpeg_no_timestamp
            ? time &+ av_rescale_q(offset, Self.unit, timeBase) : time
    }

    mutating func correct(_ packet: Packet, of stream: UnsafeMutablePointer<AVStream>) {
        guard isDiscontinuous else { return }
        let pointer = packet.pointer
        let timeBase = stream.pointee.time_base
        let stated = pointer.pointee.dts == cffmpeg_no_timestamp ? pointer.pointee.pts : pointer.pointee.dts
        if stated != cffmpeg_no_timestamp {
            let time = av_rescale_q(stated, timeBase, Self.unit)
            let isSteady = [AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO].contains(stream.parameters.codec_type)
            if isSteady, let end = ends[stream.pointee.index] {
                let step = time &+ offset &- end
                if step > Self.greatestStep || step < -Self.greatestStep { offset = end &- time }
            }
            if isSteady {
                ends[stream.pointee.index] =
                    time &+ offset &+ av_rescale_q(pointer.pointee.duration, timeBase, Self.unit)
            }
        }
        let shift = av_rescale_q(offset, Self.unit, timeBase)
        if pointer.pointee.dts != cffmpeg_no_timestamp { pointer.pointee.dts &+= shift }
        if pointer.pointee.pts != cffmpeg_no_timestamp { pointer.pointee.pts &+= shift }
    }
}
