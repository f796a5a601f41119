import Pixels

/// A picture as the networks see it: red, green and blue planes one after another, `[3, H, W]`. Black is 0 and white 1;
/// what a video holds beyond them lies outside.
public struct RGBImage: Sendable {
    public let width: Int
    public let height: Int
    /// Row by row, plane by plane.
    public var values: [Float]
    /// Transparency, `[H, W]` in [0, 1]: 0 is clear. nil where all is opaque. Networks do not see it; it moves with the colours.
    public var alpha: [Float]?
    /// The samples that the values were made of, for networks on machines that convert them themselves.
    public var samples: SamplePlanes?

    /// A picture whose values `fill` writes; it gets the memory uninitialised and must write all of it.
    public init(
        width: Int, height: Int, filledBy fill: (UnsafeMutableBufferPointer<Float>) throws -> Void
    ) rethrows {
        self.width = width
        self.height = height
        let count = 3 * width * height
        values = try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialized = count
        }
    }
}
