import Testing
import Timing

/// What holds for any source and any rate, tried on many that a fixed seed draws.
struct TimelinePropertyTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) ^ (state << 31)
        }
    }

    private static let rates = [
        Rational(24_000, 1001), Rational(24), Rational(25), Rational(30_000, 1001), Rational(50),
        Rational(60_000, 1001), Rational(60), Rational(120_000, 1001), Rational(15, 2), Rational(1, 3),
        Rational(1000, 7),
    ]

    private func anyRate(_ random: inout Generator) -> Rational {
        Bool.random(using: &random)
            ? Self.rates.randomElement(using: &random)!
            : Rational(Int64.random(in: 1...2000, using: &random), Int64.random(in: 1...60, using: &random))
    }

    /// A source that starts anywhere: at a constant rate, or at any whole ticks.
    private func anySource(_ random: inout Generator) -> [Timeline.SourceFrame] {
        let count = Int.random(in: 1...40, using: &random)
        let start = Rational(Int64.random(in: -90_000...9_000_000, using: &random), 90_000)
        if Bool.random(using: &random) {
            let duration = anyRate(&random).reciprocal
            return (0..<count).map {
                Timeline.SourceFrame(time: start + Rational(Int64($0)) * duration, duration: duration)
            }
        }
        let unit = Rational(1, [1000, 90_000, 24_000, 12_800].randomElement(using: &random)!)
        var time = start
        return (0..<count).map { _ in
            let duration = Rational(Int64.random(in: 1...9000, using: &random)) * unit
            defer { time = time + duration }
            return Timeline.SourceFrame(time: time, duration: duration)
        }
    }

    private func output(_ timeline: Timeline, _ source: [Timeline.SourceFrame]) -> [(
        Int, Timeline.OutputFrame
    )] {
        var timeline = timeline
        return source.indices.flatMap { index in
            timeline.frames(from: source[index], to: index + 1 < source.count ? source[index + 1] : nil)
                .map { (index, $0) }
        }
    }

    @Test func constantRatesHaveEveryInstantOnce() {
        var random = Generator(state: 1)
        for trial in 0..<3000 {
            let (source, rate) = (anySource(&random), anyRate(&random))
            let frames = output(Timeline(.framesPerSecond(rate)), source)
            let (start, end) = (source[0].time, source.last!.time + source.last!.duration)
            // As many instants k / rate as lie before the end: neither one more nor one less.
            let count = -((start - end) * rate).floor
            guard frames.count == count else {
                Issue.record("trial \(trial): \(frames.count) frames for \(count) instants")
                return
            }
            for (k, (index, frame)) in frames.enumerated() {
                let isExact = frame.time == start + Rational(Int64(k)) / rate
                let isInside =
                    source[index].time <= frame.time
                    && (index + 1 == source.count || frame.time < source[index + 1].time)
                let follows = frame.time + frame.duration
                // At a low rate the last one may begin before the source's last frame, and knows nothing of the end.
                let isSeamless =
                    k + 1 < frames.count
                    ? follows == frames[k + 1].1.time
                    : follows == end || index + 1 < source.count && follows > end
                guard isExact, isInside, isSeamless, shows(frame, source, index) else {
                    Issue.record("trial \(trial), frame \(k) at rate \(rate): \(frame)")
                    return
                }
            }
        }
    }

    /// Whether the fraction leads exactly to the frame's time.
    private func shows(_ frame: Timeline.OutputFrame, _ source: [Timeline.SourceFrame], _ index: Int) -> Bool
    {
        switch frame.content {
        case .original: frame.time == source[index].time || index + 1 == source.count
        case .between(let t):
            t > .zero && t < Rational(1) && index + 1 < source.count
                && source[index].time + t * (source[index + 1].time - source[index].time) == frame.time
        }
    }

    @Test func factorsHaveEveryInstantOnce() {
        var random = Generator(state: 2)
        for trial in 0..<3000 {
            let (source, factor) = (anySource(&random), Int.random(in: 1...12, using: &random))
            let frames = output(Timeline(.factor(factor)), source)
            guard frames.count == source.count * factor else {
                Issue.record("trial \(trial): \(frames.count) frames")
                return
            }
            for (k, (index, frame)) in frames.enumerated() {
                let isSeamless =
                    k + 1 == frames.count || frame.time + frame.duration == frames[k + 1].1.time
                let isKept = k % factor != 0 || frame.time == source[index].time && frame.content == .original
                guard isSeamless, isKept, shows(frame, source, index) else {
                    Issue.record("trial \(trial), frame \(k), factor \(factor): \(frame)")
                    return
                }
            }
        }
    }

    /// With times rounded to a clock's ticks, too, each instant is there once, and originals are shown beside their times.
    @Test func roundedClocksLoseNothing() {
        var random = Generator(state: 3)
        let tick = Rational(1, 1000)
        for trial in 0..<2000 {
            let rate = Self.rates.prefix(8).randomElement(using: &random)!
            let start = Rational(Int64.random(in: 0...100_000, using: &random))
            let times = (0...Int64.random(in: 2...60, using: &random)).map {
                Rational((start + Rational($0) / rate * Rational(1000)).rounded, 1000)
            }
            let source = zip(times, times.dropFirst()).map {
                Timeline.SourceFrame(time: $0, duration: $1 - $0)
            }
            let wanted = Self.rates.prefix(8).randomElement(using: &random)!
            let frames = output(Timeline(.framesPerSecond(wanted), tick: tick), source).map(\.1)
            for (k, frame) in frames.enumerated() {
                guard frame.time == times[0] + Rational(Int64(k)) / wanted, frame.duration > .zero else {
                    Issue.record("trial \(trial), frame \(k): \(frame)")
                    return
                }
            }
            // The next one would begin at the end, to the tick.
            guard let last = frames.last, last.time < times.last!,
                last.time + wanted.reciprocal + tick >= times.last!
            else {
                Issue.record("trial \(trial): ends at \(String(describing: frames.last))")
                return
            }
        }
    }

    /// Slow motion by 5/2 at the source's own rate, for ten hours of the result.
    @Test func slowMotionDoesNotDrift() {
        var timeline = Timeline(.framesPerSecond(Rational(24_000, 1001)))
        let (stretch, unit) = (Rational(5, 2), Rational(1001, 24_000))
        var count: Int64 = 0
        let total: Int64 = 24 * 3600 * 4
        for index in 0..<total {
            let first = Timeline.SourceFrame(time: Rational(index) * unit * stretch, duration: unit * stretch)
            let second = Timeline.SourceFrame(
                time: Rational(index + 1) * unit * stretch, duration: unit * stretch)
            for frame in timeline.frames(from: first, to: index + 1 < total ? second : nil) {
                if frame.time != Rational(count) * unit {
                    Issue.record("frame \(count) at \(frame.time)")
                    return
                }
                count += 1
            }
        }
        #expect(count == total * 5 / 2)
    }
}
