import Foundation
import Interpolation
import Media
import Pixels
import Synchronization
import Timing

/// The pictures of a reader, as the pipeline takes them.
struct ReaderSource: FrameSource {
    let reader: VideoReader
    /// How many times as long everything lasts.
    let stretch: Rational

    func next() throws -> TimedPicture<VideoFrame>? {
        try reader.nextFrame().map {
            TimedPicture(
                picture: $0,
                time: Timeline.SourceFrame(time: $0.time * stretch, duration: $0.duration * stretch))
        }
    }
}

/// Pictures to the network's RGB and back, by a converter for each direction: they work at the same time.
///
/// Sendable without checks: the pipeline calls each direction from one thread.
final class FrameConverter: PictureConverter, @unchecked Sendable {
    private let toRGB = PixelConverter()
    private let fromRGB = PixelConverter()
    private let pixelFormat: String?

    /// New pictures get the pixel format that is named, or that of their neighbours.
    init(pixelFormat: String? = nil) {
        self.pixelFormat = pixelFormat
    }

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
                showing: $0, alpha: image.alpha, between: first, and: second, at: t, pixelFormat: pixelFormat)
        }
    }

    func samples(of picture: VideoFrame) -> SamplePlanes? {
        pixelFormat == nil ? toRGB.samples(of: picture) : nil
    }

    func picture(holding samples: SamplePlanes, like model: VideoFrame) throws -> VideoFrame {
        try fromRGB.frame(holding: samples, like: model)
    }
}

/// A video file as the pipeline's end.
struct VideoSink: FrameSink {
    let writer: VideoWriter
    /// Where the result's clock begins.
    let start: Rational
    private let reached = ReachedTime()

    init(writer: VideoWriter, start: Rational) {
        (self.writer, self.start) = (writer, start)
    }

    /// The end of the last frame, in seconds of the result.
    var end: Rational { reached.time.withLock { $0 } }

    func write(_ picture: VideoFrame, at time: Rational, duration: Rational) throws {
        try writer.write(picture, at: time - start, duration: duration)
        reached.time.withLock { $0 = time - start + duration }
    }

    private final class ReachedTime: Sendable {
        let time = Mutex(Rational.zero)
    }
}

/// Numbered images as the pipeline's end.
///
/// Sendable without checks: the pipeline writes from one thread.
struct ImageSink: FrameSink, @unchecked Sendable {
    let writer: ImageSequenceWriter

    func write(_ picture: VideoFrame, at _: Rational, duration _: Rational) throws {
        try writer.write(picture)
    }
}

extension MediaError: UserFacingError {
    var userMessage: String { description + hint }
    var isSilent: Bool { isClosedPipe }
    var exitStatus: ExitStatus { isUsageError ? .badUsage : .failed }
}

extension MediaError {
    /// The known name that is nearest to one that FFmpeg does not know, or a remedy that many need.
    private var hint: String {
        switch self {
        case .unknownCodec(let name, "video encoder"):
            NearestName.hint(name, among: KnownNames.videoEncoders)
        case .unknownPixelFormat(let name): NearestName.hint(name, among: KnownNames.pixelFormats)
        case .unknownOutputFormat(let name): NearestName.hint(name, among: KnownNames.outputFormats)
        case .unknownInputFormat(let name): NearestName.hint(name, among: KnownNames.inputFormats)
        case .nothingDecodes("standard input"):
            "; an MP4 whose index lies at its end cannot be read from a pipe, but from '< FILE'"
        case .ffmpeg("avformat_open_input", _, let path, _) where Self.isRaw(path),
            .nothingDecodes(let path) where Self.isRaw(path):
            "; raw pictures have no header: state --input-format rawvideo --input-size WxH --input-pix-fmt FORMAT "
                + "--input-rate R"
        default: ""
        }
    }

    /// Whether a name's ending is usual for pictures without a header, and the file is there.
    private static func isRaw(_ path: String) -> Bool {
        let endings = ["yuv", "raw", "rgb", "bgr", "nv12", "i420", "p010", "uyvy", "yuyv", "rgba", "gray"]
        guard let ending = path.split(separator: ".").dropFirst().last, access(path, F_OK) == 0 else {
            return false
        }
        return endings.contains(ending.lowercased())
    }
}
