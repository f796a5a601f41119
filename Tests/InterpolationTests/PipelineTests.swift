import Foundation
import Interpolation
import Synchronization
import Testing
import Timing

/// A network whose frames can be told by their values: the linear mean of the two, which counts its work.
private final class MeanInterpolator: Interpolator {
    let framesPrepared = Atomic(0)
    let pairsPrepared = Atomic(0)
    /// Fails at this frame, counted from zero.
    let failure: Int?

    struct Failure: Error {}

    init(failingAt failure: Int? = nil) { self.failure = failure }

    func prepare(_ image: RGBImage) throws -> RGBImage {
        if framesPrepared.add(1, ordering: .relaxed).oldValue == failure { throw Failure() }
        return image
    }

    func prepare(_ first: RGBImage, _ second: RGBImage) -> (RGBImage, RGBImage) {
        pairsPrepared.add(1, ordering: .relaxed)
        return (first, second)
    }

    func interpolate(_ pair: (RGBImage, RGBImage), at t: Float) -> RGBImage {
        var image = pair.0
        for index in image.values.indices {
            image.values[index] = (1 - t) * pair.0.values[index] + t * pair.1.values[index]
        }
        return image
    }
}

/// Pictures that are one number.
private struct NumberConverter: PictureConverter {
    func image(of picture: Double) -> RGBImage {
        RGBImage(width: 1, height: 1) { $0.initialize(repeating: Float(picture)) }
    }

    func picture(showing image: RGBImage, between _: Double, and _: Double, at _: Float) -> Double {
        Double(image.values[0])
    }
}

/// Frames 0, 1, 2, … at 10 frames per second; counts how far it was read.
private final class NumberSource: FrameSource {
    let count: Int
    let failure: Int?
    let read = Atomic(0)

    struct Failure: Error {}

    init(_ count: Int, failingAt failure: Int? = nil) { (self.count, self.failure) = (count, failure) }

    func next() throws -> TimedPicture<Double>? {
        let index = read.load(ordering: .relaxed)
        if index == failure { throw Failure() }
        if index == count { return nil }
        read.add(1, ordering: .relaxed)
        return TimedPicture(
            picture: Double(index),
            time: Timeline.SourceFrame(time: Rational(Int64(index), 10), duration: Rational(1, 10)))
    }
}

private final class NumberSink: FrameSink {
    struct Written: Equatable {
        var picture: Double
        var time: Rational
    }

    struct Failure: Error {}

    let written = Mutex<[Written]>([])
    let failure: Int?
    let delay: TimeInterval

    init(failingAt failure: Int? = nil, delay: TimeInterval = 0) {
        (self.failure, self.delay) = (failure, delay)
    }

    func write(_ picture: Double, at time: Rational, duration _: Rational) throws {
        Thread.sleep(forTimeInterval: delay)
        try written.withLock {
            if $0.count == failure { throw Failure() }
            $0.append(Written(picture: picture, time: time))
        }
    }
}

@Suite struct PipelineTests {
    private func pipeline(_ interpolator: MeanInterpolator, _ rate: Timeline.Rate)
        -> Pipeline<MeanInterpolator, NumberConverter>
    {
        Pipeline(
            interpolator: interpolator, converter: NumberConverter(), rate: rate,
            scenes: SceneSettings(cutThreshold: nil))
    }

    @Test func framesComeInOrderAndShareTheirWork() throws {
        let network = MeanInterpolator()
        let sink = NumberSink()
        let progress = try pipeline(network, .factor(4)).run(from: NumberSource(50), to: sink)
        let written = sink.written.withLock(\.self)
        #expect(written.count == 200)
        for (index, frame) in written.enumerated() {
            #expect(frame.time == Rational(Int64(index), 40))
            #expect(frame.picture == min(Double(index) / 4, 49))
        }
        #expect(progress.sourceFrames == 50 && progress.outputFrames == 200 && progress.newFrames == 147)
        // Once a frame and once a pair, however many new frames use them.
        #expect(network.framesPrepared.load(ordering: .relaxed) == 50)
        #expect(network.pairsPrepared.load(ordering: .relaxed) == 49)
    }

    @Test func framesThatCoincideNeedNoNetwork() throws {
        let network = MeanInterpolator()
        let sink = NumberSink()
        _ = try pipeline(network, .framesPerSecond(Rational(5))).run(from: NumberSource(20), to: sink)
        #expect(sink.written.withLock(\.self).map(\.picture) == stride(from: 0.0, to: 20, by: 2).map(\.self))
        #expect(network.framesPrepared.load(ordering: .relaxed) == 0)
    }

    @Test(arguments: [0, 1]) func shortClips(_ count: Int) throws {
        let sink = NumberSink()
        let progress = try pipeline(MeanInterpolator(), .factor(3)).run(from: NumberSource(count), to: sink)
        #expect(sink.written.withLock(\.count) == 3 * count)
        #expect(progress.newFrames == 0)
    }

    @Test func aSlowSinkHoldsTheSourceBack() throws {
        let source = NumberSource(60)
        let sink = NumberSink(delay: 0.002)
        var greatestLead = 0
        _ = try pipeline(MeanInterpolator(), .factor(2)).run(from: source, to: sink) { _ in
            greatestLead = max(
                greatestLead, source.read.load(ordering: .relaxed) - sink.written.withLock(\.count) / 2)
        }
        // Two queues of 2 and 4, a pair at work, one in each thread, one that waits for the frame after it.
        #expect(greatestLead <= 10)
    }

    @Test func everyFailureEndsTheRun() throws {
        let run = pipeline(MeanInterpolator(), .factor(2))
        #expect(throws: NumberSource.Failure.self) {
            try run.run(from: NumberSource(50, failingAt: 20), to: NumberSink())
        }
        #expect(throws: NumberSink.Failure.self) {
            try run.run(from: NumberSource(50), to: NumberSink(failingAt: 13))
        }
        #expect(throws: NumberSink.Failure.self) {
            try run.run(from: NumberSource(3), to: NumberSink(failingAt: 5))
        }
        let failing = pipeline(MeanInterpolator(failingAt: 7), .factor(2))
        let sink = NumberSink()
        #expect(throws: MeanInterpolator.Failure.self) { try failing.run(from: NumberSource(50), to: sink) }
        // What was made before the failure has reached the sink.
        #expect(sink.written.withLock(\.count) >= 12)
    }

    @Test func cancellationStopsBetweenFrames() throws {
        struct Stopped: Error {}
        var frames = 0
        let source = NumberSource(1_000_000)
        #expect(throws: Stopped.self) {
            try pipeline(MeanInterpolator(), .factor(2)).run(
                from: source, to: NumberSink(), progress: { frames = $0.outputFrames },
                checkCancellation: { if frames >= 31 { throw Stopped() } })
        }
        #expect(frames == 31)
        #expect(source.read.load(ordering: .relaxed) < 30)
    }
}
