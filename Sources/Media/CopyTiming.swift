import CFFmpeg
import Timing

/// Which part of the input the result shows, how fast, and what that means for the streams that are not interpolated.
///
/// What the input has at a time t, in seconds, is in the result at (t − start) · stretch.
public struct CopyTiming: Sendable {
    /// What becomes of sound where time is stretched; it is copied where it is not.
    public enum Sound: Sendable {
        case drop
        /// Played more slowly at its pitch, and encoded anew.
        case stretch
    }

    public var start: Rational
    /// nil for the end of the input.
    public var end: Rational?
    /// How many times as long everything lasts; above zero.
    public var stretch: Rational
    public var sound: Sound
    /// Whether the other streams end where the video does, although it is not known beforehand where that is.
    public var endsWithVideo: Bool
    /// Whether there are other streams and chapters at all.
    public var copiesOthers: Bool
    /// Whether the result's first frame is not the input's, although its times are those of the input.
    public var beginsLater: Bool

    /// Everything, as it is.
    public static let unchanged = CopyTiming()

    public init(
        start: Rational = .zero, end: Rational? = nil, stretch: Rational = Rational(1), sound: Sound = .drop,
        endsWithVideo: Bool = false, copiesOthers: Bool = true, beginsLater: Bool = false
    ) {
        (self.start, self.end, self.stretch) = (start, end, stretch)
        (self.sound, self.endsWithVideo, self.copiesOthers) = (sound, endsWithVideo, copiesOthers)
        self.beginsLater = beginsLater
    }

    var isUnchanged: Bool { start == .zero && end == nil && stretch == Rational(1) && !endsWithVideo }

    /// Whether the result's first frame is another than the input's, or what happens at a time of the input happens at another.
    var movesTime: Bool { start != .zero || stretch != Rational(1) || beginsLater }

    /// Where a time of the input lies in the result, in seconds.
    public func output(_ time: Rational) -> Rational { (time - start) * stretch }

    /// Where a time of the result lies in the input, in seconds.
    public func input(_ time: Rational) -> Rational { time / stretch + start }

    /// Why a stream cannot follow; nil if it can.
    func refusal(of stream: UnsafeMutablePointer<AVStream>) -> String? {
        if stream.isAttachedPicture { return nil }
        let isStretched = stretch != Rational(1)
        switch stream.parameters.codec_type {
        case AVMEDIA_TYPE_AUDIO:
            return isStretched && sound == .drop
                ? "it would play at another speed; '--audio stretch' keeps it" : nil
        case AVMEDIA_TYPE_VIDEO:
            return isUnchanged ? nil : "its frames cannot be cut or stretched without encoding them anew"
        case AVMEDIA_TYPE_DATA: return isStretched ? "its meaning may depend on time" : nil
        default: return nil
        }
    }

    /// Moves a packet's times, in ticks of `base`, to the result's clock; false where it lies outside of the part.
    ///
    /// Sound belongs to the part where its packet begins in it, and what is shown for a while, such as a subtitle, where any
    /// of it does: it is cut at the part's ends.
    func place(_ packet: Packet, of stream: UnsafeMutablePointer<AVStream>) -> Bool {
        if isUnchanged || stream.isAttachedPicture { return true }
        let pointer = packet.pointer
        let base = TimeBase(stream.pointee.time_base)
        let known = [pointer.pointee.pts, pointer.pointee.dts].first { $0 != cffmpeg_no_timestamp }
        // Without a time it goes where the packet before it went.
        guard let known, let time = base.time(known) else { return true }
        if let end, time >= end { return false }
        let delay = known &- (pointer.pointee.dts == cffmpeg_no_timestamp ? known : pointer.pointee.dts)
        var (first, last) = (time, time + Rational(max(0, pointer.pointee.duration)) * base.seconds)
        if stream.parameters.codec_type == AVMEDIA_TYPE_SUBTITLE {
            if first < start, last <= start { return false }
            first = max(first, start)
            if let end { last = min(last, end) }
        } else if start > .zero, first < start {
            return false
        }
        let begin = base.ticks(output(first))
        if pointer.pointee.pts != cffmpeg_no_timestamp { pointer.pointee.pts = begin }
        if pointer.pointee.dts != cffmpeg_no_timestamp { pointer.pointee.dts = begin &- delay }
        // Unstretched durations are kept to the tick: rounding of both ends could differ by one.
        let isWhole = stretch == Rational(1) && first == time && (end.map { last < $0 } ?? true)
        if pointer.pointee.duration > 0, !isWhole {
            pointer.pointee.duration = max(1, base.ticks(output(last)) &- begin)
        }
        return true
    }

    /// Whether a packet begins in the part.
    func includes(_ packet: Packet, of stream: UnsafeMutablePointer<AVStream>) -> Bool {
        let known = [packet.pointer.pointee.pts, packet.pointer.pointee.dts].first {
            $0 != cffmpeg_no_timestamp
        }
        guard let time = known.flatMap(TimeBase(stream.pointee.time_base).time) else { return true }
        // What lies before zero is what a decoder of sound needs to begin with, and drops.
        return (start == .zero || time >= start) && (end.map { time < $0 } ?? true)
    }

    /// A chapter as the result has it; nil where none of it is left.
    func place(_ chapter: AVChapter) -> AVChapter? {
        guard copiesOthers else { return nil }
        let base = TimeBase(chapter.time_base)
        guard !isUnchanged, let first = base.time(chapter.start), let last = base.time(chapter.end) else {
            return chapter
        }
        if last <= start && last > first { return nil }
        if let end, first >= end { return nil }
        var placed = chapter
        placed.start = base.ticks(output(max(first, start)))
        placed.end = max(placed.start, base.ticks(output(end.map { min(last, $0) } ?? last)))
        return placed
    }
}
