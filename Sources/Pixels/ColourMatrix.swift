/// The equations of ITU-R BT.601, BT.709 and BT.2020 between R'G'B' and Y'CbCr, and between both and code values.
public struct ColourMatrix: Hashable, Sendable {
    /// The weights of red and blue in luma.
    public let red: Float
    public let blue: Float
    public var green: Float { 1 - red - blue }
    /// Code values of 16 bits: black, the distance to white, grey, and the distance between the extremes of chroma.
    public let black: Float
    public let lumaSpan: Float
    public let grey: Float
    public let chromaSpan: Float

    /// Samples of `depth` bits are taken to lie in the upper bits of 16, as swscale widens them.
    public init(red: Float, blue: Float, isFullRange: Bool, depth: Int) {
        (self.red, self.blue) = (red, blue)
        let unit = Float(1 << 8)
        let full = Float(((1 << depth) - 1) << (16 - depth))
        black = isFullRange ? 0 : 16 * unit
        lumaSpan = isFullRange ? full : 219 * unit
        grey = 128 * unit
        chromaSpan = isFullRange ? full : 224 * unit
    }

    /// Converts a row. Code values below black and above white, which cameras write, become values outside of [0, 1].
    public func convert(
        y: UnsafePointer<UInt16>, cb: UnsafePointer<UInt16>, cr: UnsafePointer<UInt16>, count: Int,
        red r: UnsafeMutablePointer<Float>, green g: UnsafeMutablePointer<Float>,
        blue b: UnsafeMutablePointer<Float>
    ) {
        let (lumaScale, chromaScale) = (1 / lumaSpan, 1 / chromaSpan)
        let (redGain, blueGain) = (2 * (1 - red), 2 * (1 - blue))
        let (redInGreen, blueInGreen) = (red / green * redGain, blue / green * blueGain)
        for x in 0..<count {
            let luma = (Float(y[x]) - black) * lumaScale
            let (u, v) = ((Float(cb[x]) - grey) * chromaScale, (Float(cr[x]) - grey) * chromaScale)
            r[x] = luma + redGain * v
            g[x] = luma - redInGreen * v - blueInGreen * u
            b[x] = luma + blueGain * u
        }
    }

    /// The way back, to the nearest code values that there are.
    public func convert(
        red r: UnsafePointer<Float>, green g: UnsafePointer<Float>, blue b: UnsafePointer<Float>, count: Int,
        y: UnsafeMutablePointer<UInt16>, cb: UnsafeMutablePointer<UInt16>, cr: UnsafeMutablePointer<UInt16>
    ) {
        let (redGain, blueGain) = (chromaSpan / (2 * (1 - red)), chromaSpan / (2 * (1 - blue)))
        for x in 0..<count {
            let (r, g, b) = (Self.finite(r[x]), Self.finite(g[x]), Self.finite(b[x]))
            let luma = red * r + green * g + blue * b
            y[x] = Self.code(black + lumaSpan * luma)
            cb[x] = Self.code(grey + blueGain * (b - luma))
            cr[x] = Self.code(grey + redGain * (r - luma))
        }
    }

    /// NaN becomes black, and infinity a value that is still beyond all code values.
    private static func finite(_ value: Float) -> Float { value.isNaN ? 0 : min(max(value, -8), 8) }

    /// The nearest of the 65536.
    private static func code(_ value: Float) -> UInt16 { UInt16(min(value > 0 ? value + 0.5 : 0, 65535)) }
}
