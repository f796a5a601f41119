import Interpolation
import Media
import Timing

/// What the options say of time, for one input.
///
/// The pipeline works on the input's clock, stretched where the motion is slowed down; the result's clock is that one,
/// moved so that it begins at `--start`.
struct TimePlan {
    let rate: Timeline.Rate
    /// The result's nominal frames per second.
    let outputRate: Rational
    /// Whether all frames of the result follow one another at that rate.
    let isConstantRate: Bool
    /// A unit in which all times of the result are whole, as far as one exists.
    let timeBase: Rational
    /// The unit of the pipeline's times.
    let tick: Rational
    let timing: CopyTiming
    let window: OutputWindow
    /// About how many frames there will be; nil where the input does not tell.
    let expectedFrames: Int?

    init(_ command: InterpolateCommand, _ video: VideoDescription) {
        let options = command.time
        let inputRate = video.frameRate ?? VideoReader.imageRate
        timing = options.timing
        let stretch = timing.stretch
        if let fps = command.fps {
            (rate, outputRate) = (.framesPerSecond(fps.rate), fps.rate)
        } else if let slowdown = options.slowdown, slowdown.denominator != 1 {
            (rate, outputRate) = (.framesPerSecond(inputRate), inputRate)
        } else {
            let factor = options.slowdown?.numerator ?? Int64(command.factor ?? 2)
            (rate, outputRate) = (.factor(Int(factor)), inputRate * Rational(factor) / stretch)
        }
        isConstantRate =
            (command.fps != nil || video.isConstantRate) && command.scenes.duplicates != .drop
        timeBase = video.timeBase(dividedFor: rate, timing)
        tick = video.timeBase(dividedFor: .factor(1)) * stretch
        window = OutputWindow(
            start: options.start.map { $0 * stretch }, end: options.end.map { $0 * stretch },
            limit: options.frames, sourceFrames: options.range)
        var limit = options.frames
        if let range = options.range {
            limit = Int((Rational(Int64(range.count)) * outputRate / inputRate).rounded)
        }
        expectedFrames = Self.expectedFrames(video, outputRate, timing, limit: limit)
    }

    private static func expectedFrames(
        _ video: VideoDescription, _ outputRate: Rational, _ timing: CopyTiming, limit: Int?
    ) -> Int? {
        guard let count = video.frameCount, let rate = video.frameRate else { return limit }
        // Files may state any number: it is only for the display, and must not overflow.
        var end = Rational(Int64(min(count, 1 << 40))) / rate
        if let wanted = timing.end { end = min(end, wanted) }
        let length = max(end - timing.start, .zero) * timing.stretch
        return min(Int((length * outputRate).rounded), limit ?? .max)
    }
}
