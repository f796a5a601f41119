import Media
import Testing

/// Transparency of every layout, as values and back.
@Suite struct AlphaTests {
    @Test(arguments: [
        ("rgba", 4), ("bgra", 4), ("rgba64be", 8), ("rgba64le", 8), ("ya8", 2), ("ya16be", 4),
        ("yuva444p", 4),
        ("gbrap", 4), ("gbrap10le", 8), ("yuva444p10le", 8),
    ])
    func valuesReturn(_ format: String, _ bytesPerPixel: Int) throws {
        var random = SplitMix(seed: 11)
        let (width, height) = (9, 5)
        var bytes = (0..<width * height * bytesPerPixel).map { _ in UInt8.random(in: 0...255, using: &random)
        }
        if format.contains("10") {
            for index in stride(from: 1, to: bytes.count, by: 2) { bytes[index] &= 3 }
        }
        let frame = try VideoFrame(width: width, height: height, pixelFormat: format, bytes: bytes)
        let converter = PixelConverter()
        let alpha = try #require(converter.alpha(of: frame))
        #expect(alpha.count == width * height && alpha.allSatisfy { (0...1).contains($0) })
        let rgb = try ConversionAccuracyTests.rgb(frame)
        let same = try rgb.withUnsafeBufferPointer {
            try converter.frame(showing: $0, alpha: alpha, between: frame, and: frame, at: 0.5)
        }
        #expect(converter.alpha(of: same) == alpha)
        let clear = try rgb.withUnsafeBufferPointer {
            try converter.frame(
                showing: $0, alpha: alpha.map { 1 - $0 }, between: frame, and: frame, at: 0.5)
        }
        let inverted = try #require(converter.alpha(of: clear))
        for (got, value) in zip(inverted, alpha) { #expect(abs(got - (1 - value)) < 1e-5) }
    }

    @Test func opaqueFormatsHaveNone() throws {
        let frame = try VideoFrame(
            width: 2, height: 2, pixelFormat: "rgb24", bytes: [UInt8](repeating: 9, count: 12))
        #expect(PixelConverter().alpha(of: frame) == nil)
    }
}
