import Foundation
import Interpolation
import Scenes
import Synchronization
import Testing
import Timing

/// What the pipeline makes of cuts and repeats, with pictures of one value whose cuts and repeats are plain.
struct SceneTests {
    /// What an output frame shows: a number, when and for how long, in frames of the source.
    private struct Shown: Equatable, CustomStringConvertible {
        var value: Double
        var time: Rational
        var duration: Rational

        init(_ value: Double, _ time: Rational, _ duration: Rational) {
            // Networks count in Float.
            (self.value, self.time, self.duration) = ((value * 1e6).rounded() / 1e6, time, duration)
        }

        var description: String { "\(value) at \(time) for \(duration)" }
    }

    private struct Result {
        var shown: [Shown]
        var events: [SceneEvent]
        var progress: PipelineProgress
        var pairs: Int
    }

    /// Runs frames with these values, one a second or further apart.
    private func run(
        _ values: [Double], _ rate: Timeline.Rate = .factor(2),
        _ duplicates: SceneSettings.Duplicates = .keep, threshold: Float? = nil,
        window: OutputWindow = .everything, seconds: Int64 = 1
    ) throws -> Result {
        let network = CountingMean()
        let sink = ListSink()
        let pipeline = Pipeline(
            interpolator: network, converter: FlatConverter(), rate: rate,
            scenes: SceneSettings(cutThreshold: threshold, duplicates: duplicates), window: window)
        let events = Mutex<[SceneEvent]>([])
        let progress = try pipeline.run(
            from: ListSource(values, seconds: seconds), to: sink,
            sceneEvents: { event in events.withLock { $0.append(event) } }
        )
        return Result(
            shown: sink.written.withLock { $0 }.map { Shown($0.value, $0.time, $0.duration) },
            events: events.withLock { $0 }, progress: progress, pairs: network.pairs.load(ordering: .relaxed))
    }

    private let half = Rational(1, 2)

    @Test func repeatsAreShownAndNotComputed() throws {
        let result = try run([0.2, 0.2, 0.4, 0.4, 0.4])
        #expect(result.shown.map(\.value) == [0.2, 0.2, 0.2, 0.3, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4])
        #expect(result.shown.map(\.time) == (0..<10).map { Rational($0, 2) })
        #expect(result.pairs == 1 && result.progress.newFrames == 1 && result.progress.sourceFrames == 5)
        #expect(
            result.events == [
                .duplicates(first: 0, count: 2, time: .zero, end: Rational(2)),
                .duplicates(first: 2, count: 3, time: Rational(2), end: Rational(5)),
            ])
    }

    @Test func retimeLeadsFromDrawingToDrawing() throws {
        let result = try run([0.2, 0.2, 0.4, 0.4, 0.4, 0.7], .factor(2), .retime)
        let expected: [Double] = [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.7]
        #expect(result.shown.count == expected.count)
        for (index, (frame, value)) in zip(result.shown, expected).enumerated() {
            #expect(abs(frame.value - value) < 1e-6, "frame \(index)")
            #expect(frame.time == Rational(Int64(index), 2) && frame.duration == half)
        }
        #expect(result.pairs == 2 && result.progress.sourceFrames == 6)
    }

    @Test func dropRepeatsNothing() throws {
        let result = try run([0.2, 0.2, 0.4, 0.4, 0.4, 0.7], .factor(2), .drop)
        let expected = [
            Shown(0.2, .zero, Rational(1)), Shown(0.3, Rational(1), Rational(1)),
            Shown(0.4, Rational(2), Rational(3, 2)), Shown(0.55, Rational(7, 2), Rational(3, 2)),
            Shown(0.7, Rational(5), Rational(1)),
        ]
        #expect(result.shown.count == expected.count)
        for (frame, wanted) in zip(result.shown, expected) {
            #expect(abs(frame.value - wanted.value) < 1e-6)
            #expect(frame.time == wanted.time && frame.duration == wanted.duration, "\(frame)")
        }
        #expect(result.progress.outputFrames == 5)
    }

    @Test func dropAtAConstantRateLeavesOutWhatRepeats() throws {
        let result = try run(Array(repeating: 0.2, count: 20) + [0.6], .framesPerSecond(Rational(2)), .drop)
        #expect(
            result.shown == [
                Shown(0.2, .zero, Rational(39, 2)), Shown(0.4, Rational(39, 2), half),
                Shown(0.6, Rational(20), Rational(1)),
            ])
    }

    @Test(arguments: [SceneSettings.Duplicates.retime, .drop])
    func whatStaysLongIsAStillScene(_ duplicates: SceneSettings.Duplicates) throws {
        let count = SceneSettings.longestDrawing + 1
        let result = try run(Array(repeating: 0.2, count: count) + [0.6], .factor(2), duplicates)
        // Motion begins with the last repeat, as with keep.
        let moving = result.shown.filter { abs($0.value - 0.4) < 1e-6 }
        #expect(moving.map(\.time) == [Rational(Int64(count)) - half])
        #expect(result.progress.newFrames == 1)
        let atTheLimit = try run(Array(repeating: 0.2, count: count - 1) + [0.6], .factor(2), duplicates)
        #expect(atTheLimit.progress.newFrames == (duplicates == .drop ? 1 : 2 * (count - 1) - 1))
    }

    @Test(arguments: SceneSettings.Duplicates.allCases)
    func acrossACutTheNearerFrameIsHeld(_ duplicates: SceneSettings.Duplicates) throws {
        // Drawings of two frames each side; the cut lies between frames 3 and 4.
        let values = [0.1, 0.1, 0.2, 0.2, 0.9, 0.9, 0.8]
        let result = try run(values, .factor(4), duplicates, threshold: 0.3)
        #expect(result.events.contains { if case .cut(4, Rational(4), _) = $0 { true } else { false } })
        for frame in result.shown where frame.time >= Rational(3) && frame.time < Rational(5) {
            let isBefore = frame.time < Rational(7, 2)
            if isBefore { #expect(frame.value == 0.2, "\(frame)") }
            if !isBefore, duplicates != .retime, frame.time <= Rational(4) {
                #expect(frame.value == 0.9, "\(frame)")
            }
        }
        // No mixture of both scenes anywhere.
        #expect(result.shown.allSatisfy { $0.value <= 0.2 + 1e-6 || $0.value >= 0.8 - 1e-6 })
        #expect(result.shown.first?.time == .zero)
        let ends = result.shown.map { $0.time + $0.duration }
        #expect(Array(ends.dropLast()) == Array(result.shown.dropFirst().map(\.time)))
        #expect(ends.last == Rational(7))
    }

    @Test(arguments: SceneSettings.Duplicates.allCases)
    func theResultEndsWithTheSource(_ duplicates: SceneSettings.Duplicates) throws {
        // The last instant of the rate lies before the last source frame, and would last beyond the end.
        let result = try run([0.1, 0.2, 0.3, 0.4, 0.5], .framesPerSecond(Rational(2, 7)), duplicates)
        #expect(result.shown.map(\.time) == [.zero, Rational(7, 2)])
        #expect(result.shown.map(\.duration) == [Rational(7, 2), Rational(3, 2)])
    }

    @Test func aCutNeedsNoNetwork() throws {
        let result = try run([0.1, 0.9], .factor(5), threshold: 0.3)
        #expect(result.shown.map(\.value) == [0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9])
        #expect(result.pairs == 0)
    }

    @Test(arguments: SceneSettings.Duplicates.allCases)
    func aWindowHoldsWhatTheWholeRunHasThere(_ duplicates: SceneSettings.Duplicates) throws {
        let values = [0.1, 0.2, 0.2, 0.4, 0.4, 0.4, 0.5, 0.6]
        let whole = try run(values, .factor(3), duplicates).shown
        let (start, end) = (Rational(5, 3), Rational(17, 3))
        let part = try run(values, .factor(3), duplicates, window: OutputWindow(start: start, end: end))
        if duplicates == .drop {
            // Its first frame is what is shown at the start, if that is a repeat.
            #expect(
                part.shown.dropFirst().map(\.value)
                    == whole.filter { $0.time > start && $0.time < end }.suffix(part.shown.count - 1).map(
                        \.value))
        } else {
            #expect(part.shown == whole.filter { $0.time >= start && $0.time < end })
        }
        #expect(part.shown.last.map { $0.time + $0.duration } == end)
        let limited = try run(values, .factor(3), duplicates, window: OutputWindow(limit: 4))
        #expect(limited.shown.map(\.value) == whole.prefix(4).map(\.value))
        #expect(limited.progress.outputFrames == 4)
    }

    private static let day: Int64 = 86_400

    /// Damaged times may lie days apart: what nobody sees of that takes a moment. Looked at one by one, these are hundreds
    /// of millions of frames.
    @Test(arguments: [nil, Float(0.01)]) func daysOfOneDrawingTakeAMoment(_ threshold: Float?) throws {
        let day = Rational(Self.day)
        let start = ContinuousClock.now
        let still = try run(
            [0.2, 0.2, 0.2], .framesPerSecond(Rational(1000)), .drop, threshold: threshold, seconds: Self.day)
        #expect(still.shown == [Shown(0.2, .zero, day * Rational(3))])
        let before = OutputWindow(start: day - Rational(2, 1000), end: day)
        let moving = try run(
            [0.2, 0.6], .framesPerSecond(Rational(1000)), .keep, window: before, seconds: Self.day)
        #expect(moving.shown.map(\.time) == [day - Rational(2, 1000), day - Rational(1, 1000)])
        #expect(start.duration(to: .now) < .seconds(10))
    }

    /// Across a cut the nearer drawing is shown, each once.
    @Test func dropAcrossACut() throws {
        let result = try run(
            [0.1, 0.1, 0.9, 0.9], .framesPerSecond(Rational(1000)), .drop, threshold: 0.1, seconds: Self.day)
        let half = Rational(Self.day / 2)
        #expect(
            result.shown == [
                Shown(0.1, .zero, half * Rational(3)), Shown(0.9, half * Rational(3), half * Rational(5)),
            ])
    }
}

/// The mean of the two, weighted by time.
private final class CountingMean: Interpolator {
    let pairs = Atomic(0)

    func prepare(_ image: RGBImage) -> Float { image.values[0] }

    func prepare(_ first: Float, _ second: Float) -> (Float, Float) {
        pairs.add(1, ordering: .relaxed)
        return (first, second)
    }

    func interpolate(_ pair: (Float, Float), at t: Float) -> RGBImage {
        FlatConverter.image(pair.0 + (pair.1 - pair.0) * t)
    }
}

/// A picture is a number, and looks like a grey of that lightness.
private struct FlatConverter: PictureConverter {
    static func image(_ value: Float) -> RGBImage {
        RGBImage(width: 16, height: 16) { $0.initialize(repeating: value) }
    }

    func image(of picture: Double) -> RGBImage { Self.image(Float(picture)) }

    func picture(showing image: RGBImage, between _: Double, and _: Double, at _: Float) -> Double {
        Double(image.values[0])
    }
}

private final class ListSource: FrameSource {
    private let values: [Double]
    private let step: Rational
    private let index = Atomic(0)

    init(_ values: [Double], seconds: Int64) { (self.values, step) = (values, Rational(seconds)) }

    func next() -> TimedPicture<Double>? {
        let index = index.add(1, ordering: .relaxed).oldValue
        guard index < values.count else { return nil }
        return TimedPicture(
            picture: values[index],
            time: Timeline.SourceFrame(time: step * Rational(Int64(index)), duration: step))
    }
}

private final class ListSink: FrameSink {
    let written = Mutex<[(value: Double, time: Rational, duration: Rational)]>([])

    func write(_ picture: Double, at time: Rational, duration: Rational) {
        written.withLock { $0.append((picture, time, duration)) }
    }
}
