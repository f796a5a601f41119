import CFFmpeg
import Pixels

/// Converts frames to RGB for a network, and its results back to the frames' own format and colours.
///
/// RGB is planar float, `[3, H, W]`, with the frame's own transfer curve: black is 0 and white 1, and what cameras and
/// graders put beyond them lies outside. Only the way back ends at the code values that there are. The matrix, range and
/// chroma location are those of each frame's tags (`ColourProperties` says what is assumed where tags are missing). Linear
/// light has a scale of its own (`LinearLight`).
///
/// Not thread-safe: use one converter for each direction.
public final class PixelConverter {
    private var scaler: Scaler?
    private var scratch: VideoFrame?
    /// Chroma as it will be, and 16 bits yet.
    private var exactScratch: VideoFrame?

    public init() {}

    /// Writes the picture's red, green and blue planes to `rgb`, which must hold `3 · width · height` values.
    public func convert(_ frame: VideoFrame, to rgb: UnsafeMutableBufferPointer<Float>) throws {
        precondition(rgb.count == 3 * frame.width * frame.height, "three planes of the frame's size")
        let planes = Planes(rgb.baseAddress!, width: frame.width, height: frame.height)
        defer {
            if frame.isLinearLight {
                for index in rgb.indices { rgb[index] = LinearLight.encode(rgb[index]) }
            }
        }
        switch Self.route(for: frame.format) {
        case .planarFloat:
            for channel in 0..<3 {
                let plane = Self.plane(of: channel, in: frame.format)
                for y in 0..<frame.height {
                    planes.row(channel, y).update(from: frame.row(plane, y), count: frame.width)
                }
            }
        case .components: Self.readComponents(of: frame, to: planes)
        case .matrix:
            let wide = try intermediate(like: frame, format: AV_PIX_FMT_YUV444P16LE)
            try scaler(
                from: Scaler.Side(samples: frame, like: frame), to: Scaler.Side(samples: wide, like: frame)
            )
            .convert(frame, into: wide)
            let matrix = ColourMatrix(ColourProperties(frame), depth: frame.format.depth)
            for y in 0..<frame.height {
                matrix.convert(
                    y: wide.row(0, y), cb: wide.row(1, y), cr: wide.row(2, y), count: frame.width,
                    red: planes.row(0, y), green: planes.row(1, y), blue: planes.row(2, y))
            }
        case .float:
            let planar = try intermediate(like: frame, format: AV_PIX_FMT_GBRPF32LE)
            try scaler(from: Scaler.Side(frame), to: Scaler.Side(rgb: planar)).convert(frame, into: planar)
            for (plane, channel) in Self.channels {
                for y in 0..<frame.height {
                    planes.row(channel, y).update(from: planar.row(plane, y), count: frame.width)
                }
            }
        }
    }

    /// A picture that shows `rgb` in the colours of `first`, and in its pixel format unless another is named.
    ///
    /// - Parameter alpha: The picture's transparency; without one it is that of the two neighbours, mixed linearly at `t`.
    public func frame(
        showing rgb: UnsafeBufferPointer<Float>, alpha: [Float]? = nil, between first: VideoFrame,
        and second: VideoFrame, at t: Float, pixelFormat: String? = nil
    ) throws -> VideoFrame {
        precondition(rgb.count == 3 * first.width * first.height, "three planes of the frame's size")
        let result = try VideoFrame(like: first, format: pixelFormat.map(AVPixelFormat.named))
        result.becomeNew()
        if let curve = first.curve(in: result.format) { result.pointer.pointee.color_trc = curve }
        let alpha = result.format.hasAlpha ? alpha ?? Self.mixedAlpha(first, second, at: t) : nil
        try write(rgb, alpha: alpha, to: result)
        return result
    }

    /// Fills a frame, by its own format and tags. Without `alpha` it is opaque.
    func write(_ rgb: UnsafeBufferPointer<Float>, alpha: [Float]?, to result: VideoFrame) throws {
        if result.isLinearLight {
            let light = rgb.map(LinearLight.decode)
            try light.withUnsafeBufferPointer { try write($0, to: result) }
        } else {
            try write(rgb, to: result)
        }
        if result.format.hasAlpha {
            let opaque = { [Float](repeating: 1, count: result.width * result.height) }
            AlphaPlane.write(alpha ?? opaque(), into: result)
        }
    }

    /// The picture's transparency in [0, 1], row by row; nil where its pixel format has none.
    public func alpha(of frame: VideoFrame) -> [Float]? { AlphaPlane.read(frame) }

    private static func mixedAlpha(_ first: VideoFrame, _ second: VideoFrame, at t: Float) -> [Float]? {
        guard let first = AlphaPlane.read(first), let second = AlphaPlane.read(second) else { return nil }
        return zip(first, second).map { (1 - t) * $0 + t * $1 }
    }

    private func write(_ rgb: UnsafeBufferPointer<Float>, to result: VideoFrame) throws {
        let planes = Planes(
            UnsafeMutablePointer(mutating: rgb.baseAddress!), width: result.width, height: result.height)
        switch Self.route(for: result.format) {
        case .planarFloat:
            for channel in 0..<(result.format.isGrey ? 1 : 3) {
                let plane = Self.plane(of: channel, in: result.format)
                for y in 0..<result.height {
                    let row: UnsafeMutablePointer<Float> = result.row(plane, y)
                    row.update(from: planes.row(channel, y), count: result.width)
                }
            }
        case .components: Self.writeComponents(of: result, from: planes)
        case .matrix:
            let wide = try intermediate(like: result, format: AV_PIX_FMT_YUV444P16LE)
            let matrix = ColourMatrix(ColourProperties(result), depth: result.format.depth)
            for y in 0..<result.height {
                matrix.convert(
                    red: planes.row(0, y), green: planes.row(1, y), blue: planes.row(2, y),
                    count: result.width, y: wide.row(0, y), cb: wide.row(1, y), cr: wide.row(2, y))
            }
            guard let format = result.format.planarOf16Bits, result.format.depth < 16,
                let samples = Samples(result)
            else {
                return try scaler(
                    from: Scaler.Side(samples: wide, like: result),
                    to: Scaler.Side(samples: result, like: result)
                ).convert(wide, into: result)
            }
            // Rounded here: swscale dithers what it narrows from 16 bits to 8, and cuts off where it does not scale.
            let exact = format == wide.format ? wide : try Self.reused(&exactScratch, like: result, format)
            if exact !== wide {
                try scaler(
                    from: Scaler.Side(samples: wide, like: result),
                    to: Scaler.Side(samples: exact, like: result)
                ).convert(wide, into: exact)
            }
            // Bits around a sample keep what they are.
            result.clear()
            Self.round(exact, to: samples, depth: result.format.depth)
        case .float:
            let planar = try intermediate(like: result, format: AV_PIX_FMT_GBRPF32LE)
            for (plane, channel) in Self.channels {
                for y in 0..<result.height {
                    let row: UnsafeMutablePointer<Float> = planar.row(plane, y)
                    row.update(from: planes.row(channel, y), count: result.width)
                }
            }
            try scaler(from: Scaler.Side(rgb: planar), to: Scaler.Side(result)).convert(planar, into: result)
        }
    }

    /// Writes the nearest samples of `depth` bits to those of 16.
    private static func round(_ exact: VideoFrame, to samples: Samples, depth: Int) {
        let shift = UInt32(16 - depth)
        let (half, top) = (UInt32(1) << (shift - 1), UInt32(1) << UInt32(depth) - 1)
        for (plane, height) in exact.planeHeights.enumerated() {
            let width = plane == 0 ? exact.width : exact.chromaWidth
            var row = [UInt16](repeating: 0, count: width)
            for y in 0..<height {
                let source: UnsafeMutablePointer<UInt16> = exact.row(plane, y)
                row.withUnsafeMutableBufferPointer { row in
                    for x in 0..<width {
                        row[x] = UInt16(truncatingIfNeeded: min((UInt32(source[x]) &+ half) &>> shift, top))
                    }
                }
                samples.write(component: plane, y, from: &row)
            }
        }
    }

    /// How a pixel format's values become RGB.
    private enum Route {
        /// They are RGB or grey.
        case components
        /// By a matrix, at full chroma resolution in 16 bits.
        case matrix
        /// They are floats already.
        case planarFloat
        /// By swscale, for other formats of floats.
        case float
    }

    private static func route(for format: AVPixelFormat) -> Route {
        if format.isPlanarFloat { return .planarFloat }
        if format.isFloat { return .float }
        return format.isRGB || format.isGrey ? .components : .matrix
    }

    /// Planes of FFmpeg's planar RGB, and the channels they hold.
    private static let channels = [(0, 1), (1, 2), (2, 0)]

    private static func plane(of channel: Int, in format: AVPixelFormat) -> Int {
        format.isGrey ? 0 : (channel + 2) % 3
    }

    private static func readComponents(of frame: VideoFrame, to planes: Planes) {
        guard let samples = Samples(frame) else { return }
        var row = [UInt16](repeating: 0, count: frame.width)
        for channel in 0..<3 {
            if frame.format.isGrey, channel > 0 {
                planes.row(channel, 0).update(from: planes.row(0, 0), count: frame.width * frame.height)
                continue
            }
            let scale = ComponentScale(frame, channel)
            for y in 0..<frame.height {
                samples.read(component: channel, y, into: &row)
                let target = planes.row(channel, y)
                for x in 0..<row.count { target[x] = scale.value(row[x]) }
            }
        }
    }

    private static func writeComponents(of frame: VideoFrame, from planes: Planes) {
        guard let samples = Samples(frame) else { return }
        frame.clear()
        var row = [UInt16](repeating: 0, count: frame.width)
        for channel in 0..<(frame.format.isGrey ? 1 : 3) {
            let scale = ComponentScale(frame, channel)
            for y in 0..<frame.height {
                let source = planes.row(channel, y)
                if frame.format.isGrey {
                    // The weights do not matter where all three are alike, as they are between grey frames.
                    let (green, blue) = (planes.row(1, y), planes.row(2, y))
                    for x in 0..<row.count { row[x] = scale.code((source[x] + green[x] + blue[x]) / 3) }
                } else {
                    for x in 0..<row.count { row[x] = scale.code(source[x]) }
                }
                samples.write(component: channel, y, from: &row)
            }
        }
    }

    private func scaler(from source: Scaler.Side, to target: Scaler.Side) throws -> Scaler {
        if let scaler, scaler.source == source, scaler.target == target { return scaler }
        let made = try Scaler(from: source, to: target)
        scaler = made
        return made
    }

    /// A frame for swscale, which writes rows padded for its vectors.
    private func intermediate(like frame: VideoFrame, format: AVPixelFormat) throws -> VideoFrame {
        try Self.reused(&scratch, like: frame, format)
    }

    private static func reused(_ scratch: inout VideoFrame?, like frame: VideoFrame, _ format: AVPixelFormat)
        throws -> VideoFrame
    {
        if let scratch, scratch.width == frame.width, scratch.height == frame.height, scratch.format == format
        {
            return scratch
        }
        let made = try VideoFrame(like: frame, format: format)
        scratch = made
        return made
    }
}

/// `[R, G, B]` planes by row.
private struct Planes {
    private let base: UnsafeMutablePointer<Float>
    private let width: Int
    private let height: Int

    init(_ base: UnsafeMutablePointer<Float>, width: Int, height: Int) {
        (self.base, self.width, self.height) = (base, width, height)
    }

    func row(_ channel: Int, _ y: Int) -> UnsafeMutablePointer<Float> {
        base + (channel * height + y) * width
    }
}

/// The meaning of a code value of an RGB or grey component.
private struct ComponentScale {
    private let black: Float
    private let span: Float
    private let top: Float

    init(_ frame: VideoFrame, _ component: Int) {
        let depth = frame.format.depth(of: component)
        top = Float((1 << depth) - 1)
        let isFull = depth < 8 || ColourProperties(frame).isFullRange
        let unit = Float(1 << max(0, depth - 8))
        (black, span) = isFull ? (0, top) : (16 * unit, 219 * unit)
    }

    func value(_ code: UInt16) -> Float { (Float(code) - black) / span }

    /// The nearest code value that there is; NaN becomes black.
    func code(_ value: Float) -> UInt16 {
        let code = black + (value.isNaN ? 0 : value) * span + 0.5
        return UInt16(code > 0 ? min(code, top) : 0)
    }
}

extension Scaler.Side {
    /// Planar float RGB, which has full range and no matrix, with the size of `frame`.
    fileprivate init(rgb frame: VideoFrame) {
        var colours = ColourProperties(frame)
        colours.isFullRange = true
        self.init(width: frame.width, height: frame.height, format: frame.format, colours: colours)
    }

    /// A frame whose samples alone are meant: they are shifted to another depth, and chroma is resampled where `model` has it.
    ///
    /// swscale shifts only what it takes for limited range.
    fileprivate init(samples frame: VideoFrame, like model: VideoFrame) {
        var colours = ColourProperties(model)
        colours.isFullRange = false
        self.init(width: frame.width, height: frame.height, format: frame.format, colours: colours)
    }
}
