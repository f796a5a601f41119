import CFFmpeg
import Timing

extension Rational {
    /// A time base; nil where FFmpeg does not know it.
    init?(_ value: AVRational) {
        guard value.num > 0, value.den > 0 else { return nil }
        self.init(Int64(value.num), Int64(value.den))
    }

    /// A frame rate; nil where FFmpeg does not know it or the file states nonsense.
    init?(frameRate value: AVRational) {
        let slowest = Rational(1, 86_400)
        guard let rate = Rational(value), rate >= slowest, rate <= Rational(100_000) else { return nil }
        self = rate
    }

    /// The nearest fraction of two 32-bit integers, which is the fraction itself for all rates and time bases in use.
    var ffmpeg: AVRational {
        if let num = Int32(exactly: numerator), let den = Int32(exactly: denominator) {
            return AVRational(num: num, den: den)
        }
        var (num, den): (Int32, Int32) = (0, 1)
        av_reduce(&num, &den, numerator, denominator, Int64(Int32.max))
        return AVRational(num: num, den: den)
    }
}

/// Converts between ticks of a time base and seconds.
struct TimeBase {
    /// Beyond this many ticks, or seconds, a timestamp is damaged: sums and products with rates must stay within 64 bits.
    private static let greatestTick: Int64 = 1 << 50
    private static let greatestSecond: Int64 = 1 << 33

    let seconds: Rational
    var ffmpeg: AVRational { seconds.ffmpeg }

    init(_ seconds: Rational) { self.seconds = seconds }

    /// FFmpeg's time base; where it is missing, the one of MPEG.
    init(_ value: AVRational) { seconds = Rational(value) ?? Rational(1, 90_000) }

    /// The exact time of a tick count; nil where it is missing or absurd.
    func time(_ ticks: Int64) -> Rational? {
        guard ticks != cffmpeg_no_timestamp,
            ticks.magnitude <= Self.greatestTick.magnitude / seconds.numerator.magnitude
        else { return nil }
        let time = Rational(ticks) * seconds
        return time.floor.magnitude <= Self.greatestSecond ? time : nil
    }

    /// The nearest tick.
    func ticks(_ time: Rational) -> Int64 { (time / seconds).rounded }
}
