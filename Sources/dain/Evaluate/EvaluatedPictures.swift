import Evaluation
import Interpolation
import Media

/// What is measured of a frame: its RGB as the network takes it, and rounded to 8 bits.
struct MeasuredFrame: Sendable {
    let image: RGBImage
    let rounded: RGB8Image

    init(_ frame: VideoFrame, _ converter: FrameConverter) throws {
        image = try converter.image(of: frame)
        rounded = RGB8Image(rounding: image)
    }

    /// The first picture of a file.
    init(file path: String, _ converter: FrameConverter) throws {
        guard let frame = try VideoReader(path: path).nextFrame() else {
            throw MediaError.nothingDecodes(path: path)
        }
        try self.init(frame, converter)
    }
}

extension RGB8Image {
    init(rounding image: RGBImage) {
        self.init(width: image.width, height: image.height, rounding: image.values)
    }
}

extension VideoFrame {
    /// A picture to write to an image file.
    convenience init(_ canvas: Canvas) throws {
        try self.init(
            width: canvas.width, height: canvas.height, pixelFormat: "rgb24", bytes: canvas.bytes)
    }
}
