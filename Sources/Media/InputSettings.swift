import Timing

/// What a user says of an input beyond its name. What is nil follows from the input itself.
public struct InputSettings: Sendable, Hashable {
    /// FFmpeg's name of the format, such as `rawvideo` or `yuv4mpegpipe`; `y4m`, `mkv` and the like are understood too.
    public var format: String?
    /// The size of raw pictures, in pixels.
    public var size: Size?
    /// The pixel format of raw pictures, as FFmpeg names it.
    public var pixelFormat: String?
    /// Frames per second of images and of streams that hold no times, such as raw pictures.
    public var frameRate: Rational?
    /// Whether pictures of two fields are made whole.
    public var deinterlaces: Bool
    /// The most pixels of a frame. A few bytes can claim any size, and memory is taken for it before anything decodes.
    public var greatestPixels: Int

    /// A frame of 16384×8192, the largest that is in use for video.
    public static let greatestPixels = 1 << 27

    public struct Size: Sendable, Hashable {
        public var width: Int
        public var height: Int

        public init(width: Int, height: Int) {
            (self.width, self.height) = (width, height)
        }
    }

    public init(
        format: String? = nil, size: Size? = nil, pixelFormat: String? = nil, frameRate: Rational? = nil,
        deinterlaces: Bool = true, greatestPixels: Int = Self.greatestPixels
    ) {
        self.format = format
        self.size = size
        self.pixelFormat = pixelFormat
        self.frameRate = frameRate
        self.deinterlaces = deinterlaces
        self.greatestPixels = greatestPixels
    }

    /// The options of FFmpeg's demuxers that say the same.
    var demuxerOptions: [(key: String, value: String)] {
        var options: [(String, String)] = []
        if let size { options.append(("video_size", "\(size.width)x\(size.height)")) }
        if let pixelFormat { options.append(("pixel_format", pixelFormat)) }
        if let frameRate { options.append(("framerate", "\(frameRate.numerator)/\(frameRate.denominator)")) }
        return options
    }
}
