/// A picture as the networks see it: red, green and blue planes one after another, `[3, H, W]`, in [0, 1].
public struct RGBImage: Sendable {
    public let width: Int
    public let height: Int
    /// Row by row, plane by plane.
    public var values: [Float]

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
