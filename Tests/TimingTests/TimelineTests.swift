import Testing
import Timing

@Suite struct TimelineTests {
    /// The whole result for a list of source frames.
    private func output(_ rate: Timeline.Rate, _ source: [Timeline.SourceFrame]) -> [Timeline.OutputFrame] {
        var timeline = Timeline(rate)
        return source.indices.flatMap { index in
            timeline.frames(from: source[index], to: index + 1 < source.count ? source[index + 1] : nil)
        }
    }

    private func constant(_ count: Int, rate: Rational, start: Rational = .zero) -> [Timeline.SourceFrame] {
        (0..<count).map {
            Timeline.SourceFrame(time: start + Rational(Int64($0)) / rate, duration: rate.reciprocal)
        }
    }

    /// Time goes up without gaps from the source's first instant to its end.
    private func expectSeamless(_ output: [Timeline.OutputFrame], _ source: [Timeline.SourceFrame]) {
        #expect(output.first?.time == source.first?.time)
        for (frame, next) in zip(output, output.dropFirst()) {
            #expect(frame.time + frame.duration == next.time)
        }
        #expect(output.last.map { $0.time + $0.duration } == source.last.map { $0.time + $0.duration })
    }

    @Test(arguments: [2, 3, 5, 8]) func aFactorGivesThatManyFramesForEach(_ factor: Int) {
        let source = constant(24, rate: Rational(24_000, 1001), start: Rational(1, 7))
        let frames = output(.factor(factor), source)
        #expect(frames.count == 24 * factor)
        expectSeamless(frames, source)
        for (index, frame) in source.enumerated() {
            #expect(frames[index * factor].time == frame.time)
            #expect(frames[index * factor].content == .original)
        }
        #expect(frames[1].content == .between(Rational(1, Int64(factor))))
        // Nothing lies behind the last source frame: it is repeated.
        #expect(frames.suffix(factor).allSatisfy { $0.content == .original })
    }

    @Test func aFactorKeepsAVariableRate() {
        let times = [Rational(0), Rational(1, 10), Rational(3, 10), Rational(31, 100), Rational(2)]
        let source = times.indices.map { index in
            Timeline.SourceFrame(
                time: times[index],
                duration: index + 1 < times.count ? times[index + 1] - times[index] : Rational(1, 25))
        }
        let frames = output(.factor(2), source)
        expectSeamless(frames, source)
        #expect(frames.filter { $0.content == .original }.map(\.time).prefix(5) == times.prefix(5))
        #expect(frames[3].time == Rational(2, 10))
        #expect(frames[7].time == Rational(31, 100) + Rational(169, 200))
    }

    @Test func aRateMeetsTheSourceWhereTheyCoincide() {
        let source = constant(24, rate: Rational(24))
        let frames = output(.framesPerSecond(Rational(60)), source)
        #expect(frames.count == 60)
        expectSeamless(frames, source)
        for (index, frame) in frames.enumerated() {
            #expect(frame.time == Rational(Int64(index), 60))
            let isLast = frame.time >= Rational(23, 24)
            #expect((frame.content == .original) == (index % 5 == 0 || isLast))
        }
        #expect(frames[1].content == .between(Rational(2, 5)))
    }

    @Test func aLowerRateDropsFrames() {
        let source = constant(60, rate: Rational(60_000, 1001))
        let frames = output(.framesPerSecond(Rational(24)), source)
        #expect(frames.count == 25)  // 1.001 seconds
        #expect(frames.last?.duration == Rational(1, 1000))
        expectSeamless(frames, source)
    }

    @Test(arguments: [24, 48, 60, 12]) func framesBesideARoundedTimeAreThatFrame(_ rate: Int64) {
        // 24 frames a second as Matroska stores them, in whole milliseconds, from 21 ms on.
        let times = (0...24).map { Rational((Rational(21) + Rational($0 * 1000, 24)).rounded, 1000) }
        let source = (0..<24).map {
            Timeline.SourceFrame(time: times[$0], duration: times[$0 + 1] - times[$0])
        }
        var timeline = Timeline(.framesPerSecond(Rational(rate)), tick: Rational(1, 1000))
        let frames = source.indices.flatMap {
            timeline.frames(from: source[$0], to: $0 < 23 ? source[$0 + 1] : nil)
        }
        #expect(frames.count == rate)
        expectSeamless(frames, source)
        for (index, frame) in frames.enumerated() {
            #expect(frame.time == times[0] + Rational(Int64(index), rate))
            let isLast = frame.time + Rational(1, 1000) >= times[23]
            #expect((frame.content == .original) == (Int64(index) * 24 % rate == 0 || isLast), "\(index)")
        }
    }

    @Test func aCoarseClockIsExact() {
        // A clock that counts frames: a frame beside another by less than its tick is none of them.
        let source = constant(10, rate: Rational(10))
        var timeline = Timeline(.framesPerSecond(Rational(15)), tick: Rational(1, 10))
        let frames = timeline.frames(from: source[0], to: source[1])
        #expect(frames.map(\.content) == [.original, .between(Rational(2, 3))])
    }

    @Test func nothingDriftsInADay() {
        var timeline = Timeline(.framesPerSecond(Rational(60_000, 1001)))
        let rate = Rational(24_000, 1001)
        var count: Int64 = 0
        let total: Int64 = 24 * 3600 * 24
        for index in 0..<total {
            let first = Timeline.SourceFrame(time: Rational(index) / rate, duration: rate.reciprocal)
            let second = Timeline.SourceFrame(time: Rational(index + 1) / rate, duration: rate.reciprocal)
            for frame in timeline.frames(from: first, to: index + 1 < total ? second : nil) {
                if frame.time != Rational(count * 1001, 60_000) {
                    Issue.record("frame \(count) at \(frame.time)")
                    return
                }
                count += 1
            }
        }
        #expect(count == total * 5 / 2)
    }

    @Test(arguments: [Timeline.Rate.factor(3), .framesPerSecond(Rational(30))]) func oneFrame(
        _ rate: Timeline.Rate
    ) {
        let source = constant(1, rate: Rational(10))
        let frames = output(rate, source)
        #expect(frames.count == 3)
        #expect(frames.allSatisfy { $0.content == .original })
        expectSeamless(frames, source)
    }
}
