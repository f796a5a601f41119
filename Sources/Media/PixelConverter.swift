import CFFmpeg

/// Converts frames to RGB for a network, and its results back to the frames' own format and colours.
///
/// RGB is planar float, `[3, H, W]` in [0, 1], with the frame's own transfer curve. The matrix, range and chroma location are
/// those of each frame's tags (`ColourProperties` says what is assumed where tags are missing).
///
/// Not thread-safe: use one converter for each direction.
public final class PixelConverter {
    private var scaler: Scaler?
    private var scratch: VideoFrame?

    public init() {}

    /// Writes the picture's red, green and blue planes to `rgb`, which must hold `3 · width · height` values.
    public func convert(_ frame: VideoFrame, to rgb: UnsafeMutableBufferPointer<Float>) throws {
        precondition(rgb.count == 3 * frame.width * frame.height, "three planes of the frame's size")
        let planar = try planarRGB(like: frame)
        try scaler(from: Scaler.Side(frame), to: Scaler.Side(rgb: planar)).convert(frame, into: planar)
        Self.forEachRow(of: planar, rgb.baseAddress!) { row, values, width in
            values.update(from: row, count: width)
        }
    }

    /// A picture that shows `rgb` in the colours of `first`, and in its pixel format unless another is named.
    ///
    /// Alpha, which the network knows nothing of, is that of the two neighbours mixed linearly at `t`.
    public func frame(
        showing rgb: UnsafeBufferPointer<Float>, between first: VideoFrame, and second: VideoFrame,
        at t: Float, pixelFormat: String? = nil
    ) throws -> VideoFrame {
        precondition(rgb.count == 3 * first.width * first.height, "three planes of the frame's size")
        let planar = try planarRGB(like: first)
        Self.forEachRow(of: planar, UnsafeMutablePointer(mutating: rgb.baseAddress!)) { row, values, width in
            row.update(from: values, count: width)
        }
        let result = try VideoFrame(like: first, format: pixelFormat.map(AVPixelFormat.named))
        // A new frame is no key frame of the source, and has no picture type of its own.
        result.pointer.pointee.pict_type = AV_PICTURE_TYPE_NONE
        try scaler(from: Scaler.Side(rgb: planar), to: Scaler.Side(result)).convert(planar, into: result)
        if result.format.hasAlpha, result.format == first.format {
            try AlphaPlane.mix(first, second, at: t, into: result)
        }
        return result
    }

    private func scaler(from source: Scaler.Side, to target: Scaler.Side) throws -> Scaler {
        if let scaler, scaler.source == source, scaler.target == target { return scaler }
        let made = try Scaler(from: source, to: target)
        scaler = made
        return made
    }

    /// A frame of float planes for swscale, which writes rows padded for its vectors.
    private func planarRGB(like frame: VideoFrame) throws -> VideoFrame {
        if let scratch, scratch.width == frame.width, scratch.height == frame.height { return scratch }
        let made = try VideoFrame(like: frame, format: AV_PIX_FMT_GBRPF32LE)
        scratch = made
        return made
    }

    /// Visits the rows of a planar float frame (whose planes are green, blue, red) with the rows of `[R, G, B]` values.
    private static func forEachRow(
        of planar: VideoFrame, _ rgb: UnsafeMutablePointer<Float>,
        _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
    ) {
        for (plane, channel) in [(0, 1), (1, 2), (2, 0)] {
            guard let start = planar.data(plane) else { continue }
            for y in 0..<planar.height {
                let row = UnsafeMutableRawPointer(start + y * planar.stride(plane))
                    .assumingMemoryBound(to: Float.self)
                body(row, rgb + (channel * planar.height + y) * planar.width, planar.width)
            }
        }
    }
}

extension Scaler.Side {
    /// Planar float RGB, which has full range and no matrix, with the size of `frame`.
    fileprivate init(rgb frame: VideoFrame) {
        var colours = ColourProperties(frame)
        colours.isFullRange = true
        self.init(width: frame.width, height: frame.height, format: AV_PIX_FMT_GBRPF32LE, colours: colours)
    }
}
