/// A picture as benchmarks compare it: red, green and blue planes one after another, `[3, H, W]`, 8 bits a value.
public struct RGB8Image: Sendable, Equatable {
    public let width: Int
    public let height: Int
    /// Row by row, plane by plane.
    public private(set) var values: [UInt8]

    /// - Parameter values: `[3, H, W]`; exactly `3 · width · height` of them.
    public init(width: Int, height: Int, values: [UInt8]) {
        precondition(values.count == 3 * width * height, "three planes of the picture's size")
        (self.width, self.height, self.values) = (width, height, values)
    }

    /// Rounds to 8 bits, halves to even. Values outside of [0, 1] are clipped; what is not a number counts as black.
    ///
    /// - Parameter unit: `[3, H, W]`; black is 0 and white 1.
    public init(width: Int, height: Int, rounding unit: [Float]) {
        let values = unit.map { value in
            value > 0 ? UInt8((min(value, 1) * 255).rounded(.toNearestOrEven)) : 0
        }
        self.init(width: width, height: height, values: values)
    }

    /// What the eye makes of two frames that are shown at once: their mean, weighted by nearness to the moment `t`
    /// between them, from 0 to 1, and rounded to 8 bits, halves to even. Both must have the same size.
    public static func average(_ first: RGB8Image, _ second: RGB8Image, at t: Float = 0.5) -> RGB8Image {
        precondition(first.hasSize(of: second), "pictures of one size")
        precondition((0...1).contains(t), "a moment between two frames")
        let values = zip(first.values, second.values).map { a, b in
            UInt8((Float(a) * (1 - t) + Float(b) * t).rounded(.toNearestOrEven))
        }
        return RGB8Image(width: first.width, height: first.height, values: values)
    }

    public func hasSize(of other: RGB8Image) -> Bool { width == other.width && height == other.height }

    /// The values of a plane: 0 is red, 1 green, 2 blue.
    func plane(_ channel: Int) -> ArraySlice<UInt8> {
        values[channel * width * height..<(channel + 1) * width * height]
    }
}
