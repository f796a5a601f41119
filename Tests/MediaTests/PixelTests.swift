import Foundation
import Media
import Testing
import Timing

/// Pixels on their way from one file to another.
@Suite struct PixelTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(arguments: [
        "av.mp4", "vfr.mkv", "odd-33x17.mkv", "tiny-1x1.mkv", "ten-bit.mkv", "rgba.mkv", "grey.mkv",
        "full-range.mp4",
        "rotated.mp4",
    ])
    func originalFramesAreUntouched(_ clip: String) throws {
        let path = scratch.path("out.mkv")
        try Conversion(settings: EncoderSettings(codec: "ffv1")).run(Clip.path(clip), to: path)
        let (input, output) = (try Decoded(Clip.path(clip)).frames, try Decoded(path).frames)
        #expect(output.count == 2 * input.count)
        for (index, frame) in input.enumerated() {
            let copy = output[2 * index]
            #expect(copy.width == frame.width && copy.height == frame.height)
            #expect(copy.pixelFormatName == frame.pixelFormatName)
            #expect(copy.colours.isFullRange == frame.colours.isFullRange)
            #expect(copy.bytes == frame.bytes, "frame \(index)")
        }
    }

    /// Odd sizes have all of their pixels in H.264, too.
    @Test(arguments: ["odd-33x17.mkv", "tiny-1x1.mkv"], ["mp4", "mkv"])
    func oddSizesKeepTheirSize(_ clip: String, _ ending: String) throws {
        let path = scratch.path("out.\(ending)")
        let notes = try Conversion().run(Clip.path(clip), to: path)
        #expect(notes.contains { $0.contains("yuv444p") }, "\(notes)")
        let (input, output) = (try Decoded(Clip.path(clip)).frames, try Decoded(path).frames)
        #expect(output.count == 2 * input.count)
        #expect(output[0].width == input[0].width && output[0].height == input[0].height)
        for (index, frame) in input.enumerated() {
            var error = 0.0
            for row in 0..<frame.height {
                frame.withRow(plane: 0, row) { a in
                    output[2 * index].withRow(plane: 0, row) { b in
                        for (p, q) in zip(a, b) { error += Double((Int(p) - Int(q)) * (Int(p) - Int(q))) }
                    }
                }
            }
            // At the default quality.
            #expect((error / Double(frame.width * frame.height)).squareRoot() < 4, "frame \(index)")
        }
    }

    /// Luma by the formulas that the clips were made by.
    @Test func lumaIsThatOfTheClips() throws {
        for (n, frame) in try Decoded(Clip.path("grey.mkv")).frames.enumerated() {
            let expected = (0..<24).flatMap { y in (0..<32).map { x in UInt8(4 * x + 4 * y + 10 * n) } }
            #expect(frame.bytes == expected)
        }
        for (n, frame) in try Decoded(Clip.path("ten-bit.mkv")).frames.enumerated() {
            let values = ConversionAccuracyTests.values(frame.bytes, depth: 10).prefix(64 * 48)
            let expected = (0..<48).flatMap { y in (0..<64).map { x in 64 + (x * 13 + y * 7 + n * 29) % 877 }
            }
            #expect(Array(values) == expected)
            #expect(
                frame.colours
                    == ColourTags(
                        primaries: "bt2020", transfer: "smpte2084", matrix: "bt2020nc", isFullRange: false))
        }
    }

    /// Every RGB and grey format comes back bit for bit.
    @Test(arguments: [
        "rgb24", "bgr24", "rgba", "bgra", "gbrp", "gbrp10le", "rgb48le", "rgb48be", "rgb565le", "gray",
        "gray10le", "gray16le", "ya8", "rgb565be",
    ])
    func rgbAndGreyReturnExactly(_ format: String) throws {
        for (width, height) in [(7, 5), (1, 1), (33, 17)] {
            var random = SplitMix(seed: 3)
            let depth10 = format.contains("10")
            let probe = try #require(
                (1...16).lazy.compactMap { perPixel in
                    try? VideoFrame(
                        width: width, height: height, pixelFormat: format,
                        bytes: [UInt8](repeating: 0, count: width * height * perPixel))
                }.first)
            var bytes = probe.bytes.map { _ in UInt8.random(in: 0...255, using: &random) }
            if depth10 { for index in stride(from: 1, to: bytes.count, by: 2) { bytes[index] &= 3 } }
            let frame = try VideoFrame(width: width, height: height, pixelFormat: format, bytes: bytes)
            let rgb = try ConversionAccuracyTests.rgb(frame)
            #expect(rgb.allSatisfy { $0 >= 0 && $0 <= 1 })
            #expect(try ConversionAccuracyTests.frame(rgb, like: frame).bytes == bytes, "\(width)x\(height)")
        }
    }

    /// Smooth pictures survive 4:2:0 wherever chroma lies; within two code values, as chroma is filtered twice.
    @Test(arguments: ["left", "center", "topleft", "top"], [(64, 48), (33, 17)])
    func gradientsReturn(_ location: String, _ size: (Int, Int)) throws {
        let (w, h) = size
        let (cw, ch) = ((w + 1) / 2, (h + 1) / 2)
        let luma = (0..<h).flatMap { y in (0..<w).map { x in UInt8(60 + x + y) } }
        let cb = (0..<ch).flatMap { y in (0..<cw).map { x in UInt8(110 + x) } }
        let cr = (0..<ch).flatMap { y in (0..<cw).map { y + 0 * $0 }.map { UInt8(120 + $0) } }
        let frame = try VideoFrame(
            width: w, height: h, pixelFormat: "yuv420p",
            colours: ColourTags(matrix: "bt709", chromaLocation: location, isFullRange: false),
            bytes: luma + cb + cr)
        let back = try ConversionAccuracyTests.frame(try ConversionAccuracyTests.rgb(frame), like: frame)
        let worst = zip(back.bytes, frame.bytes).map { abs(Int($0) - Int($1)) }.max()!
        #expect(worst <= 2)
        #expect(back.colours == frame.colours)
    }

    @Test func transparencyIsMixedLinearly() throws {
        func picture(_ alpha: UInt8) throws -> VideoFrame {
            try VideoFrame(
                width: 2, height: 1, pixelFormat: "bgra", bytes: [10, 20, 30, alpha, 40, 50, 60, 200])
        }
        let (first, second) = (try picture(0), try picture(100))
        let rgb = try ConversionAccuracyTests.rgb(first)
        let mixed = try rgb.withUnsafeBufferPointer {
            try PixelConverter().frame(showing: $0, between: first, and: second, at: 0.25)
        }
        #expect(mixed.bytes == [10, 20, 30, 25, 40, 50, 60, 200])
    }

    /// Digital cinema's colours, which swscale alone knows, return.
    @Test func xyzReturns() throws {
        let codes = (0..<16 * 8).flatMap { (index: Int) -> [Int] in [1800, 1900, 1850].map { $0 + 3 * index }
        }
        let frame = try VideoFrame(
            width: 16, height: 8, pixelFormat: "xyz12le",
            bytes: ConversionAccuracyTests.samples(codes.map { $0 << 4 }, depth: 16))
        let back = try ConversionAccuracyTests.frame(try ConversionAccuracyTests.rgb(frame), like: frame)
        let values = ConversionAccuracyTests.values(back.bytes, depth: 16).map { $0 >> 4 }
        let worst = zip(values, codes).map { abs($0 - $1) }.max() ?? 0
        // Of 4096, by tables of 4096 entries, there and back.
        #expect(worst <= 8, "off by \(worst)")
    }

    /// What the network makes of nonsense is still a picture.
    @Test func notANumberIsBlack() throws {
        let frame = try VideoFrame(
            width: 2, height: 2, pixelFormat: "yuv444p", bytes: [UInt8](repeating: 128, count: 12))
        let made = try ConversionAccuracyTests.frame(
            [.nan, -1, 2, .infinity] + [.nan, -1, 2, .infinity] + [.nan, -1, 2, .infinity], like: frame)
        #expect(made.bytes == [16, 0, 255, 255] + [UInt8](repeating: 128, count: 8))
    }
}
