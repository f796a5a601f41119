/// A picture to be looked at: red, green and blue planes one after another, `[3, H, W]`, row by row, in [0, 1].
public struct RGBPlanes: Sendable {
    public let width: Int
    public let height: Int
    public let values: [Float]

    /// `values` must hold `3 · width · height` numbers.
    public init(width: Int, height: Int, values: [Float]) {
        precondition(
            width > 0 && height > 0 && values.count == 3 * width * height, "three planes of the size")
        (self.width, self.height, self.values) = (width, height, values)
    }
}
