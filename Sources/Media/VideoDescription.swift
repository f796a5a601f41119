import CFFmpeg
import Timing

/// What is known of a video: size, rate, length.
public final class VideoDescription: @unchecked Sendable {
    public private(set) var width = 0
    public private(set) var height = 0
    public private(set) var pixelFormatName = ""
    /// Average frames per second; nil where the container does not tell.
    public let frameRate: Rational?
    /// Whether the rate seems to be constant.
    public let isConstantRate: Bool
    /// When the video begins, in seconds.
    public let start: Rational?
    /// Frames in the stream, exact or estimated from duration and rate; nil where neither is known.
    public let frameCount: Int?
    let timeBase: TimeBase
    /// A unit in which the frames' times are whole, in seconds.
    private let unit: Rational
    let sampleAspectRatio: AVRational

    /// Images.
    init(frameCount: Int, rate: Rational) {
        frameRate = rate
        isConstantRate = true
        start = .zero
        self.frameCount = frameCount
        timeBase = TimeBase(rate.reciprocal)
        unit = rate.reciprocal
        sampleAspectRatio = AVRational(num: 0, den: 1)
    }

    /// A file's video stream, and the instants that its frames lie at.
    init(_ file: PictureReader, _ grid: FrameGrid?) {
        let stream = file.stream.pointee
        timeBase = file.timeBase
        let average = Rational(frameRate: stream.avg_frame_rate)
        let base = Rational(frameRate: stream.r_frame_rate)
        frameRate = grid?.rate ?? average ?? base
        isConstantRate = grid != nil || average != nil && average == base
        unit = grid?.unit ?? timeBase.seconds
        start = timeBase.time(file.demuxer.clock.begin(stream.start_time, in: stream.time_base))
        sampleAspectRatio = av_guess_sample_aspect_ratio(file.demuxer.context, file.stream, nil)
        let container = file.demuxer.context.pointee
        if stream.nb_frames > 0, stream.nb_frames < Int64(Int32.max) {
            frameCount = Int(stream.nb_frames)
        } else if let frameRate {
            let duration =
                timeBase.time(stream.duration) ?? Self.statedLength(of: file.stream, start: start)
                ?? Self.length(of: container, start: start)
            frameCount = duration.map {
                Int(min(max(1, $0.doubleValue * frameRate.doubleValue), 1e15).rounded())
            }
        } else {
            frameCount = nil
        }
    }

    /// How long the video alone lasts, which Matroska's writers state in a tag: its own duration is that of the longest stream.
    private static func statedLength(of stream: UnsafeMutablePointer<AVStream>, start: Rational?) -> Rational?
    {
        guard let tag = av_dict_get(stream.pointee.metadata, "DURATION", nil, 0),
            let end = FFmpeg.string(tag.pointee.value).flatMap(Rational.init(clockTime:))
        else { return nil }
        let length = end - max(start ?? .zero, .zero)
        return length > .zero ? length : nil
    }

    /// How long the longest stream lasts; of containers that count from zero, what is left of that behind the video's start.
    private static func length(of container: AVFormatContext, start: Rational?) -> Rational? {
        let name = FFmpeg.string(container.iformat.pointee.name) ?? ""
        let countsFromZero = name.hasPrefix("matroska") || name == "flv"
        return TimeBase(Rational(1, Int64(AV_TIME_BASE))).time(container.duration).map { end in
            let length = end - max(start ?? .zero, .zero)
            return countsFromZero && length > .zero ? length : end
        }
    }

    /// A unit of time in which all times of the result are whole numbers, so that none is rounded on the way to the container.
    ///
    /// Where no unit of 32 bits divides both the input's and a new constant rate, it is that of microseconds.
    ///
    /// - Parameter timing: What becomes of the input's times; the result's clock begins at its start.
    public func timeBase(dividedFor rate: Timeline.Rate, _ timing: CopyTiming = .unchanged) -> Rational {
        let input = unit * timing.stretch
        var unit: Rational
        switch rate {
        case .factor(let factor): unit = input / Rational(Int64(factor))
        case .framesPerSecond(let rate): unit = Rational.greatestCommonDivisor(input, rate.reciprocal)
        }
        for instant in [timing.start, timing.end ?? .zero] where instant > .zero {
            unit = Rational.greatestCommonDivisor(unit, instant * timing.stretch)
        }
        let limit = Int64(Int32.max)
        return unit.numerator <= limit && unit.denominator <= limit ? unit : Rational(1, 1_000_000)
    }

    func complete(with first: VideoFrame) {
        width = first.width
        height = first.height
        pixelFormatName = first.pixelFormatName
    }
}
