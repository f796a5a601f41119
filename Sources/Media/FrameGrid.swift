import CFFmpeg
import Timing

/// The instants at which the frames of a constant rate begin, for streams whose container has rounded them.
///
/// Matroska counts milliseconds, so that frames of 24 a second are 41 or 42 apart in it. Those that lie within a tick of the
/// rate that the stream states are put back where they were. Each instant follows from the frame's number alone, so that
/// every part of a clip has the same ones. The first frame that does not keep to the rate, and all behind it, stay where
/// the container says.
struct FrameGrid {
    let rate: Rational
    /// A unit in which both the container's times and the instants are whole.
    let unit: Rational
    private let tick: Rational
    private var period: Rational { rate.reciprocal }
    private var origin: Rational?
    /// The number of the last frame that lay on it; nil once one did not.
    private var last: Int64? = -1

    /// nil where a container with such ticks can state the rate exactly, where it counts finely, or where frames are so few
    /// ticks apart that any time is near an instant.
    init?(rate: Rational, tick: Rational) {
        let ticks = rate.reciprocal / tick
        guard tick >= Self.finestTick, ticks >= Rational(4), ticks.denominator != 1 else { return nil }
        (self.rate, self.tick) = (rate, tick)
        unit = Rational.greatestCommonDivisor(tick, rate.reciprocal)
    }

    /// Finer ticks round by less than anybody measures.
    private static let finestTick = Rational(1, 2000)

    /// The instant that a frame's time was rounded from; nil where there is none. Call it for each frame, in the order they
    /// are shown.
    mutating func instant(_ time: Rational) -> Rational? {
        guard let last else { return nil }
        let origin = origin ?? time
        self.origin = origin
        let number = ((time - origin) * rate).rounded
        let instant = origin + Rational(number) * period
        guard number > last, Self.difference(instant, time) <= tick else {
            self.last = nil
            return nil
        }
        self.last = number
        return instant
    }

    /// How long a frame on the grid lasts, of which the container says how long; nil where that is something else.
    func duration(_ stated: Rational?) -> Rational? {
        guard let stated else { return period }
        return Self.difference(stated, period) <= tick ? period : nil
    }

    private static func difference(_ a: Rational, _ b: Rational) -> Rational { a > b ? a - b : b - a }

    /// Whether frames with these times, in the order they are shown, follow one another at the rate, none left out.
    private func fits(_ times: [Rational]) -> Bool {
        guard times.count > 1, let first = times.first else { return false }
        return times.enumerated().allSatisfy { index, time in
            Self.difference(first + Rational(Int64(index)) * period, time) <= tick
        }
    }
}

extension FrameGrid {
    /// Frames at a file's beginning that are looked at, and bytes.
    private static let (greatestFrames, greatestBytes) = (240, 64 << 20)
    /// No codec brings frames into their order over more than this.
    private static let greatestReordering = 16

    /// The rate that a statement in nanoseconds or decimals rounds: a whole number, or a thousand and first less.
    private static func nominal(_ rate: Rational) -> Rational {
        let candidates = [
            Rational(rate.rounded), Rational((rate * Rational(1001, 1000)).rounded * 1000, 1001),
        ]
        return candidates.first { difference($0, rate) * Rational(500_000) < rate } ?? rate
    }

    /// The grid of a file's video, if its first frames keep to one of the rates that the stream states. Of what comes from a
    /// pipe, and must not wait, the statement counts.
    init?(of file: PictureReader) {
        let stream = file.stream.pointee
        let (average, base) = (
            Rational(frameRate: stream.avg_frame_rate), Rational(frameRate: stream.r_frame_rate)
        )
        let tick = file.timeBase.seconds
        // An average is mostly measured, on the very times that are rounded.
        let stated = [base, average == base ? nil : average].compactMap(\.self)
        let grids = stated.compactMap { FrameGrid(rate: Self.nominal($0), tick: tick) }
        guard !grids.isEmpty else { return nil }
        if file.demuxer.isLive {
            guard average == base else { return nil }
            self = grids[0]
            return
        }
        let ahead = file.demuxer.lookAhead(
            stream: Int(stream.index), packets: Self.greatestFrames, bytes: Self.greatestBytes)
        let shown = ahead.packets.filter { $0.pointer.pointee.flags & AV_PKT_FLAG_DISCARD == 0 }
        let times = shown.compactMap { file.timeBase.time($0.pointer.pointee.pts) }
        guard times.count == shown.count else { return nil }
        // Behind the last packets of some codecs come frames that are shown before theirs.
        let isInOrder = ahead.isAll || file.stream.parameters.video_delay == 0
        let sorted = times.sorted().dropLast(isInOrder ? 0 : Self.greatestReordering)
        guard let found = grids.first(where: { $0.fits(Array(sorted)) }) else { return nil }
        self = found
    }
}
