import Console
import Interpolation
import Media
import Pixels
import Synchronization
import Tensors
import Timing

/// How long each stage of a run has worked, in seconds. Stages work at the same time, so their sum may exceed the time
/// that has passed; the one that is nearly as long as that is what the run waits for.
final class StageClock: Sendable {
    enum Stage: Int, CaseIterable {
        case decode, convert, network, encode
    }

    /// The names in JSON are part of the program's interface.
    struct Seconds: Encodable, Sendable {
        var decode = 0.0
        /// Between the video's pixels and the network's, in both directions.
        var convert = 0.0
        var network = 0.0
        /// The multiplexer and the disk included.
        var encode = 0.0
    }

    private let times = Mutex([Duration](repeating: .zero, count: Stage.allCases.count))

    func measure<Result>(_ stage: Stage, _ body: () throws -> Result) rethrows -> Result {
        let start = monotonicTime()
        defer {
            let time = monotonicTime() - start
            times.withLock { $0[stage.rawValue] += time }
        }
        return try body()
    }

    var seconds: Seconds {
        times.withLock { times in
            func rounded(_ stage: Stage) -> Double { times[stage.rawValue].inSeconds.rounded(toPlaces: 3) }
            return Seconds(
                decode: rounded(.decode), convert: rounded(.convert), network: rounded(.network),
                encode: rounded(.encode))
        }
    }
}

extension Double {
    /// For display: so many decimals.
    func rounded(toPlaces places: Int) -> Double {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        return (self * scale).rounded() / scale
    }
}

/// A source whose time counts as decoding.
struct TimedSource<Source: FrameSource>: FrameSource {
    let source: Source
    let clock: StageClock
    let span: SpanMeter

    func next() throws -> TimedPicture<Source.Picture>? {
        let next = try clock.measure(.decode) { try source.next() }
        if let next { span.add(next.time.time, next.time.duration) }
        return next
    }
}

/// A converter whose time counts as converting.
struct TimedConverter<Converter: PictureConverter>: PictureConverter {
    let converter: Converter
    let clock: StageClock

    func image(of picture: Converter.Picture) throws -> RGBImage {
        try clock.measure(.convert) { try converter.image(of: picture) }
    }

    func picture(
        showing image: RGBImage, between first: Converter.Picture, and second: Converter.Picture, at t: Float
    ) throws -> Converter.Picture {
        try clock.measure(.convert) {
            try converter.picture(showing: image, between: first, and: second, at: t)
        }
    }

    func samples(of picture: Converter.Picture) throws -> SamplePlanes? {
        try clock.measure(.convert) { try converter.samples(of: picture) }
    }

    func picture(holding samples: SamplePlanes, like model: Converter.Picture) throws -> Converter.Picture {
        try clock.measure(.convert) { try converter.picture(holding: samples, like: model) }
    }
}

/// A sink whose time counts as encoding.
struct TimedSink<Sink: FrameSink>: FrameSink {
    let sink: Sink
    let clock: StageClock
    let span: SpanMeter

    func write(_ picture: Sink.Picture, at time: Rational, duration: Rational) throws {
        try clock.measure(.encode) { try sink.write(picture, at: time, duration: duration) }
        span.add(time, duration)
    }
}

/// An interpolator whose time counts as the network's.
struct TimedInterpolator<Wrapped: Interpolator>: Interpolator {
    let interpolator: Wrapped
    let clock: StageClock

    var takesSamples: Bool { interpolator.takesSamples }

    func prepare(_ image: RGBImage) throws -> Wrapped.PreparedFrame {
        try clock.measure(.network) { try interpolator.prepare(image) }
    }

    func prepare(_ first: Wrapped.PreparedFrame, _ second: Wrapped.PreparedFrame) throws
        -> Wrapped.PreparedPair
    {
        try clock.measure(.network) { try interpolator.prepare(first, second) }
    }

    func interpolate(_ pair: Wrapped.PreparedPair, at t: Float) throws -> RGBImage {
        try clock.measure(.network) { try interpolator.interpolate(pair, at: t) }
    }

    func begin(_ pair: Wrapped.PreparedPair, at t: Float) throws -> PendingImage {
        let pending = try clock.measure(.network) { try interpolator.begin(pair, at: t) }
        return PendingImage { [clock] in try clock.measure(.network) { try pending.image() } }
    }

    func begin(_ pair: Wrapped.PreparedPair, at t: Float, as format: SampleFormat) throws -> PendingSamples? {
        let pending = try clock.measure(.network) { try interpolator.begin(pair, at: t, as: format) }
        return pending.map { pending in
            PendingSamples { [clock] in try clock.measure(.network) { try pending.planes() } }
        }
    }
}
