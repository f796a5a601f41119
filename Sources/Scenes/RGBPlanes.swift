/// A picture to be looked at: red, green and blue planes one after another, `[3, H, W]`, row by row, in [0, 1].
public struct RGBPlanes: Sendable {
    public let width: Int
    public let height: Int
    public let values: [Float]
    /// How opaque each pixel is, row by row, in [0, 1]; nil where all are.
    public let alpha: [Float]?

    /// `values` must hold `3 · width · height` numbers, and `alpha` a third of that.
    public init(width: Int, height: Int, values: [Float], alpha: [Float]? = nil) {
        precondition(
            width > 0 && height > 0 && values.count == 3 * width * height, "three planes of the size")
        precondition(alpha.map { $0.count == width * height } ?? true, "a plane of the size")
        (self.width, self.height, self.values, self.alpha) = (width, height, values, alpha)
    }
}
