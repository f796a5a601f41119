/// When two pictures count as one and the same, although an encoder has written the second a little differently.
public struct StillTolerance: Hashable, Sendable {
    /// The greatest mean difference over the whole picture, in [0, 1].
    public var picture: Float
    /// The greatest mean difference over any block of 8×8 pixels, in [0, 1]. It is what sees a blink or a cursor.
    public var block: Float

    public init(picture: Float, block: Float) {
        (self.picture, self.block) = (picture, block)
    }

    /// Nobody sees the difference: a mean of 0.5 of 255 over the picture, 2 of 255 in a block.
    public static let invisible = StillTolerance(picture: 0.5 / 255, block: 2 / 255)

    /// What x264 leaves between repeats at its usual quality: a mean of 1.5 of 255 over the picture, 6 of 255 in a block.
    /// Grain that is encoded anew each time exceeds it; small and faint motion does not.
    public static let compression = StillTolerance(picture: 1.5 / 255, block: 6 / 255)

    private static let size = 8

    /// Whether the pictures are alike: the mean of |a − b| over pixels and channels stays within both limits, and so does
    /// that of their opacity.
    ///
    /// Pictures of different sizes are not. Looks no further than the first row of blocks that differs.
    public func holds(_ a: RGBPlanes, _ b: RGBPlanes) -> Bool {
        guard a.width == b.width, a.height == b.height, (a.alpha == nil) == (b.alpha == nil),
            holds(a.values, b.values, planes: 3, a.width, a.height)
        else { return false }
        guard let (first, second) = a.alpha.flatMap({ first in b.alpha.map { (first, $0) } }) else {
            return true
        }
        return holds(first, second, planes: 1, a.width, a.height)
    }

    private func holds(_ a: [Float], _ b: [Float], planes: Int, _ width: Int, _ height: Int) -> Bool {
        let columns = (width + Self.size - 1) / Self.size
        var total = 0.0
        let limit = Double(picture) * Double(planes * width * height)
        return a.withUnsafeBytes { a in
            b.withUnsafeBytes { b in
                var sums = [Float](repeating: 0, count: columns)
                for top in stride(from: 0, to: height, by: Self.size) {
                    let rows = top..<min(top + Self.size, height)
                    for column in 0..<columns { sums[column] = 0 }
                    for plane in 0..<planes {
                        for y in rows {
                            Self.add(a, b, (plane * height + y) * width, width, to: &sums)
                        }
                    }
                    for (column, sum) in sums.enumerated() {
                        let pixels = rows.count * min(Self.size, width - column * Self.size)
                        // Not "greater": a value that is no number is like nothing.
                        guard sum <= block * Float(planes * pixels) else { return false }
                        total += Double(sum)
                    }
                    guard total <= limit else { return false }
                }
                return true
            }
        }
    }

    /// Adds a row's absolute differences to the sums of the blocks they lie in.
    private static func add(
        _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, _ start: Int, _ width: Int,
        to sums: inout [Float]
    ) {
        let whole = width / size
        for column in 0..<whole {
            let offset = 4 * (start + column * size)
            let difference =
                a.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
                - b.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
            sums[column] += difference.magnitude.sum()
        }
        for x in whole * size..<width {
            let offset = 4 * (start + x)
            let difference =
                a.loadUnaligned(fromByteOffset: offset, as: Float.self)
                - b.loadUnaligned(fromByteOffset: offset, as: Float.self)
            sums[whole] += abs(difference)
        }
    }
}

extension SIMD8<Float> {
    /// The lanes without their signs.
    var magnitude: SIMD8<Float> {
        SIMD8<Float>(bitPattern & SIMD8<UInt32>(repeating: 0x7fff_ffff))
    }

    private var bitPattern: SIMD8<UInt32> { unsafeBitCast(self, to: SIMD8<UInt32>.self) }

    private init(_ bits: SIMD8<UInt32>) { self = unsafeBitCast(bits, to: SIMD8<Float>.self) }
}
