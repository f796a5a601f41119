import CFFmpeg
import Timing

/// When the frames of a segment, or of the clip that it is from, are shown, in seconds.
struct SegmentTimes {
    /// When the first frame begins, the last one begins, and the last one ends.
    let start: Rational
    let last: Rational
    let end: Rational
    let frames: Int
    /// The mean time from one frame to the next.
    let spacing: Rational
    /// The greatest time from one frame to the next.
    let greatestGap: Rational
    /// Whether all frames follow one another as regularly as the container's ticks allow. Of a few nobody can tell.
    let isSteady: Bool
    /// How far the mean may be off, because the container rounds times to ticks.
    let tolerance: Rational

    /// Reads all packets of a stream; nil where none has a time.
    init?(of stream: UnsafeMutablePointer<AVStream>, in demuxer: Demuxer) throws {
        let base = TimeBase(stream.pointee.time_base)
        var times: [Rational] = []
        var (end, frames) = (Rational?.none, 0)
        while let packet = try demuxer.readPacket() {
            let pointer = packet.pointer.pointee
            guard packet.streamIndex == Int(stream.pointee.index), pointer.flags & AV_PKT_FLAG_DISCARD == 0
            else { continue }
            frames += 1
            guard let time = base.time(pointer.pts) else { continue }
            times.append(time)
            let last = time + Rational(max(0, pointer.duration)) * base.seconds
            end = max(end ?? last, last)
        }
        times.sort()
        guard let first = times.first, let final = times.last, let end else { return nil }
        (start, last, self.end, self.frames) = (first, final, end, frames)
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        let count = Rational(Int64(max(1, gaps.count)))
        spacing = gaps.isEmpty ? end - first : (final - first) / count
        greatestGap = gaps.max() ?? spacing
        tolerance = Rational(2) * base.seconds / count
        let spread = (gaps.max() ?? .zero) - (gaps.min() ?? .zero)
        isSteady = gaps.count >= 2 && spacing > .zero && spread <= Rational(2) * base.seconds
    }
}

extension SegmentJoiner {
    /// What of the original the segments do not show, and another size.
    ///
    /// - Throws: ``SegmentError/isNotOf(path:clip:reason:)`` where they show what it has not: then they are of another clip.
    static func differences(_ segments: [Segment], from original: Original) throws(SegmentError) -> [String] {
        guard let first = segments.first, let last = segments.last, let stream = original.demuxer.videoStream,
            let whole = original.times
        else { return [] }
        var notes: [String] = []
        let path = original.demuxer.path
        let (shown, stated) = (first.stream.parameters, stream.parameters)
        if shown.width != stated.width || shown.height != stated.height {
            notes.append(
                "the segments are of \(shown.width)x\(shown.height), and \(path) is of \(stated.width)x\(stated.height)"
            )
        }
        let tick = max(
            TimeBase(stream.pointee.time_base).seconds, TimeBase(first.stream.pointee.time_base).seconds)
        if first.times.start < whole.start - tick {
            throw .isNotOf(
                path: first.demuxer.path, clip: path,
                reason:
                    "it begins at \(timeText(first.times.start)), and the clip at \(timeText(whole.start))")
        }
        // Where the container does not say how long the last frame lasts, it is taken to last as long as another. The segments'
        // last frame may be stored as lasting longer than the clip does.
        let end = max(whole.end, whole.last + whole.greatestGap)
        if last.times.last >= end + tick {
            throw .isNotOf(
                path: last.demuxer.path, clip: path,
                reason:
                    "a frame of it begins at \(timeText(last.times.last)), and the clip ends at \(timeText(whole.end))"
            )
        }
        if first.times.start > whole.start + tick {
            notes.append(
                "the beginning is missing: \(path) begins at \(timeText(whole.start)), and the segments at \(timeText(first.times.start))"
            )
        }
        // Whatever the rate, a frame follows the original's last one, or is shown until then.
        if last.times.last + last.times.spacing <= whole.last + tick {
            notes.append(
                "the end is missing: \(path) ends at \(timeText(whole.end)), and the segments at \(timeText(last.times.end))"
            )
        }
        return notes
    }
}
