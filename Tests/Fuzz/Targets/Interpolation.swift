import Interpolation
import Media
import Synchronization
import Timing

/// The program's way from a file to a file, with the mean of two frames in place of the network.
struct MeanInterpolation {
    var rate = Timeline.Rate.factor(2)
    var scenes = SceneSettings()
    var timing = CopyTiming.unchanged
    /// Makes a segment of these source frames.
    var range: Range<Int>?
    var encoder = EncoderSettings(codec: "ffv1")
    /// Of the result: a damaged time may ask for millions.
    var greatestFrames = 64

    /// One of the ways that the program's options offer, and the ending of the result's name.
    static func chosen(by choices: inout Choices) -> (MeanInterpolation, ending: String) {
        var work = MeanInterpolation()
        let (ending, codec) = choices.pick([
            ("mkv", "ffv1"), ("mkv", "mpeg4"), ("mp4", "mpeg4"), ("mov", "mjpeg"), ("nut", "rawvideo"),
            ("ts", "mpeg2video"), ("y4m", "wrapped_avframe"), ("avi", "ffv1"),
        ])
        work.encoder = EncoderSettings(codec: ending == "y4m" ? nil : codec)
        work.rate = choices.pick([
            .factor(2), .factor(3), .factor(1000), .framesPerSecond(Rational(60_000, 1001)),
            .framesPerSecond(Rational(7)), .framesPerSecond(Rational(1, 999_999_999)),
            .framesPerSecond(Rational(1000)),
        ])
        work.scenes = SceneSettings(duplicates: choices.pick(SceneSettings.Duplicates.allCases))
        if choices.once(in: 2) {
            work.timing = CopyTiming(
                start: choices.pick([.zero, Rational(1, 10), Rational(999_999_999, 7)]),
                end: choices.pick([nil, Rational(1, 2), Rational(1_000_000_000_000)]),
                stretch: choices.pick([Rational(1), Rational(2), Rational(5, 2), Rational(1000)]),
                endsWithVideo: choices.once(in: 2),
                copiesOthers: !choices.once(in: 4))
            // A second of sound that lasts a quarter of an hour is encoded in ten.
            if work.timing.stretch < Rational(100), choices.once(in: 2) { work.timing.sound = .stretch }
        }
        return (work, ending)
    }

    func run(_ input: String, _ settings: InputSettings, to output: String, overwrite: Bool = true) throws {
        let reader = try VideoReader(path: input, settings: settings)
        guard let first = reader.firstFrame else { return }
        let inputRate = reader.video.frameRate ?? VideoReader.imageRate
        let outputRate =
            switch rate {
            case .factor(let factor): inputRate * Rational(Int64(factor)) / timing.stretch
            case .framesPerSecond(let rate): rate
            }
        let writer = try VideoWriter(
            path: output, copying: reader, first: first, rate: outputRate,
            isConstantRate: reader.video.isConstantRate,
            timeBase: reader.video.timeBase(dividedFor: rate, timing), timing: timing, settings: encoder,
            overwrite: overwrite, inputs: [input])
        let pipeline = Pipeline(
            interpolator: Mean(), converter: Converter(), rate: rate,
            tick: reader.video.timeBase(dividedFor: .factor(1)) * timing.stretch, scenes: scenes,
            window: OutputWindow(
                start: timing.start * timing.stretch, end: timing.end.map { $0 * timing.stretch },
                limit: range == nil ? greatestFrames : nil, sourceFrames: range))
        do {
            let sink = Sink(writer: writer, start: timing.start * timing.stretch)
            _ = try pipeline.run(from: Source(reader: reader, stretch: timing.stretch), to: sink)
            if timing.copiesOthers, let end = timing.end { try reader.passRemainingPackets(before: end) }
            try writer.finish()
        } catch {
            writer.discard()
            throw error
        }
        _ = reader.notes + writer.notes
    }
}

/// Stands for the network.
private struct Mean: Interpolator {
    func prepare(_ image: RGBImage) throws -> RGBImage { image }
    func prepare(_ first: RGBImage, _ second: RGBImage) throws -> (RGBImage, RGBImage) { (first, second) }

    func interpolate(_ pair: (RGBImage, RGBImage), at t: Float) throws -> RGBImage {
        var image = pair.0
        for index in image.values.indices {
            image.values[index] = (1 - t) * pair.0.values[index] + t * pair.1.values[index]
        }
        return image
    }
}

private struct Source: FrameSource {
    let reader: VideoReader
    let stretch: Rational

    func next() throws -> TimedPicture<VideoFrame>? {
        try reader.nextFrame().map {
            TimedPicture(
                picture: $0,
                time: Timeline.SourceFrame(time: $0.time * stretch, duration: $0.duration * stretch))
        }
    }
}

private struct Sink: FrameSink {
    let writer: VideoWriter
    let start: Rational

    func write(_ picture: VideoFrame, at time: Rational, duration: Rational) throws {
        try writer.write(picture, at: time - start, duration: duration)
    }
}

/// Sendable without checks: the pipeline calls each direction from one thread.
private final class Converter: PictureConverter, @unchecked Sendable {
    private let toRGB = PixelConverter()
    private let fromRGB = PixelConverter()

    func image(of picture: VideoFrame) throws -> RGBImage {
        var image = try RGBImage(width: picture.width, height: picture.height) {
            try toRGB.convert(picture, to: $0)
        }
        image.alpha = toRGB.alpha(of: picture)
        return image
    }

    func picture(showing image: RGBImage, between first: VideoFrame, and second: VideoFrame, at t: Float)
        throws
        -> VideoFrame
    {
        try image.values.withUnsafeBufferPointer {
            try fromRGB.frame(
                showing: $0, alpha: image.alpha, between: first, and: second, at: t, pixelFormat: nil)
        }
    }
}
