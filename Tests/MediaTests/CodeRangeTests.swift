import Media
import Testing

/// Code values beyond black and white come back, in every depth and layout.
@Suite struct CodeRangeTests {
    /// What broadcast equipment lets pass: luma above 235, chroma beyond 240, all below 16.
    @Test(arguments: [
        (245, 128, 128), (254, 128, 128), (5, 128, 128), (1, 128, 128), (235, 250, 128), (16, 128, 245),
        (126, 254, 2), (180, 8, 248),
    ])
    func limitedRangeIsNotClipped(_ y: Int, _ cb: Int, _ cr: Int) throws {
        for (depth, suffix) in ConversionAccuracyTests.depths {
            let unit = 1 << (depth - 8)
            for (layout, chroma) in [("yuv420p", 4), ("yuv422p", 2), ("yuv444p", 1)] {
                let count = 16 * 8
                let codes =
                    [Int](repeating: y * unit, count: count)
                    + [Int](repeating: cb * unit, count: count / chroma)
                    + [Int](repeating: cr * unit, count: count / chroma)
                let frame = try VideoFrame(
                    width: 16, height: 8, pixelFormat: layout + suffix,
                    colours: ColourTags(matrix: "bt709", isFullRange: false),
                    bytes: ConversionAccuracyTests.samples(codes, depth: depth))
                let back = try ConversionAccuracyTests.frame(ConversionAccuracyTests.rgb(frame), like: frame)
                let got = ConversionAccuracyTests.values(back.bytes, depth: depth)
                let worst = zip(got, codes).map { abs($0 - $1) }.max() ?? 0
                // Floats of 24 bits tell 16-bit codes apart, to the last but one.
                #expect(worst <= (depth == 16 ? 1 : 0), "\(layout + suffix): off by \(worst)")
            }
        }
    }

    /// All 1,024 levels of 10 bits, from below black to above white, stay apart.
    @Test(arguments: ["yuv420p10le", "yuv422p10le", "yuv444p10le", "gray10le"], [false, true])
    func aRampKeepsItsLevels(_ format: String, _ isFullRange: Bool) throws {
        let (width, height) = (1024, 4)
        let luma = (0..<width * height).map { $0 % width }
        let chroma = ["yuv420p10le": 2, "yuv422p10le": 4, "yuv444p10le": 8, "gray10le": 0][format]! * width
        let codes = luma + [Int](repeating: 512, count: chroma)
        let frame = try VideoFrame(
            width: width, height: height, pixelFormat: format,
            colours: ColourTags(
                primaries: "bt2020", transfer: "smpte2084", matrix: "bt2020nc", isFullRange: isFullRange),
            bytes: ConversionAccuracyTests.samples(codes, depth: 10))
        let rgb = try ConversionAccuracyTests.rgb(frame)
        if !isFullRange { #expect(rgb[0] < -0.05 && rgb[width - 1] > 1.05) }
        let back = try ConversionAccuracyTests.frame(rgb, like: frame)
        #expect(ConversionAccuracyTests.values(back.bytes, depth: 10) == codes)
        #expect(back.colours == frame.colours)
    }

    /// Values that no code value can show become the last that can.
    @Test func whatIsTooFarEndsAtTheLastCode() throws {
        for (format, low, high) in [("yuv444p", 0, 255), ("gray", 0, 255), ("rgb24", 0, 255)] {
            let planes = format == "gray" ? 1 : 3
            let model = try VideoFrame(
                width: 3, height: 1, pixelFormat: format,
                bytes: [UInt8](repeating: 128, count: 3 * planes))
            let values: [Float] = [-3, .nan, 4]
            let back = try ConversionAccuracyTests.frame(values + values + values, like: model)
            let luma = format == "rgb24" ? [0, 3, 6].map { back.bytes[$0] } : Array(back.bytes[..<3])
            #expect(luma[0] == low && luma[2] == high, "\(format): \(luma)")
        }
    }
}
