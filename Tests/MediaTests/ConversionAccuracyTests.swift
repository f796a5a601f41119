import Foundation
import Media
import Testing

/// Pixel formats to float RGB and back, against values computed here.
@Suite struct ConversionAccuracyTests {
    /// The weights of red and blue in luma.
    static let weights: [String: (red: Double, blue: Double)] = [
        "smpte170m": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020nc": (0.2627, 0.0593),
    ]

    /// One code value to a sample of 8 or 16 bits, little-endian.
    static func samples(_ values: [Int], depth: Int) -> [UInt8] {
        depth == 8 ? values.map { UInt8($0) } : values.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    }

    static func values(_ bytes: [UInt8], depth: Int) -> [Int] {
        depth == 8
            ? bytes.map(Int.init)
            : stride(from: 0, to: bytes.count, by: 2).map { Int(bytes[$0]) | Int(bytes[$0 + 1]) << 8 }
    }

    static func rgb(_ frame: VideoFrame) throws -> [Float] {
        var rgb = [Float](repeating: .nan, count: 3 * frame.width * frame.height)
        try rgb.withUnsafeMutableBufferPointer { try PixelConverter().convert(frame, to: $0) }
        return rgb
    }

    static func frame(_ rgb: [Float], like frame: VideoFrame) throws -> VideoFrame {
        try rgb.withUnsafeBufferPointer {
            try PixelConverter().frame(showing: $0, between: frame, and: frame, at: 0.5)
        }
    }

    static let depths: [(depth: Int, suffix: String)] = [(8, ""), (10, "10le"), (12, "12le"), (16, "16le")]

    /// Flat colours come back as they were, to one code value (of 8 bits: wider formats scale with their depth).
    @Test(arguments: ["smpte170m", "bt709", "bt2020nc"], [false, true])
    func flatColoursReturn(_ matrix: String, _ isFullRange: Bool) throws {
        let colours: [(Double, Double, Double)] = [
            (0, 0, 0), (1, 1, 1), (0.5, 0.5, 0.5), (0.9, 0.1, 0.1), (0.1, 0.8, 0.2), (0.2, 0.1, 0.9),
            (0.7, 0.6, 0.1),
        ]
        let (kr, kb) = Self.weights[matrix]!
        for (depth, suffix) in Self.depths {
            for sampling in ["420", "422", "444"] {
                for (r, g, b) in colours {
                    let y = kr * r + (1 - kr - kb) * g + kb * b
                    let (cb, cr) = ((b - y) / (2 * (1 - kb)), (r - y) / (2 * (1 - kr)))
                    let unit = Double(1 << (depth - 8))
                    let top = Double(1 << depth) - 1
                    func luma(_ v: Double) -> Int {
                        Int((isFullRange ? v * top : (16 + 219 * v) * unit).rounded())
                    }
                    func chroma(_ v: Double) -> Int {
                        Int(min(top, (128 * unit + v * (isFullRange ? top : 224 * unit))).rounded())
                    }
                    let expected = [luma(y), chroma(cb), chroma(cr)]
                    let (w, h) = (6, 4)
                    let chromaCount = (sampling == "444" ? w : w / 2) * (sampling == "420" ? h / 2 : h)
                    let planes = [w * h, chromaCount, chromaCount]
                    let values = zip(planes, expected).flatMap { Array(repeating: $1, count: $0) }
                    let name = "yuv\(sampling)p\(suffix)"
                    let source = try VideoFrame(
                        width: w, height: h, pixelFormat: name,
                        colours: ColourTags(matrix: matrix, isFullRange: isFullRange),
                        bytes: Self.samples(values, depth: depth))
                    let rgb = try Self.rgb(source)
                    for (channel, value) in [r, g, b].enumerated() {
                        let worst = rgb[channel * w * h..<(channel + 1) * w * h].map {
                            abs(Double($0) - value)
                        }.max()!
                        // Half a code value of 8 bits in each of Y, Cb and Cr, which blue takes in 1 to 2.2 times.
                        #expect(
                            worst <= 1.0 / 128,
                            "\(name) \(matrix) full \(isFullRange) colour \((r, g, b))[\(channel)] off by \(worst)"
                        )
                    }
                    let back = Self.values(try Self.frame(rgb, like: source).bytes, depth: depth)
                    let worst = zip(back, values).map { abs($0 - $1) }.max()!
                    let tolerance = depth == 16 ? 4 : 1
                    #expect(
                        worst <= tolerance,
                        "\(name) \(matrix) full \(isFullRange) colour \((r, g, b)) off by \(worst)")
                }
            }
        }
    }

    /// Every value of random 4:4:4 pictures against the definition in ITU-R BT.601, BT.709 and BT.2020, in doubles.
    @Test(arguments: ["smpte170m", "bt709", "bt2020nc"], [false, true])
    func rgbIsThatOfTheDefinition(_ matrix: String, _ isFullRange: Bool) throws {
        let (kr, kb) = Self.weights[matrix]!
        for (depth, suffix, tolerance) in [(8, "", 1.0 / 1024), (10, "10le", 1.0 / 1024)] {
            let (w, h) = (37, 19)
            var random = SplitMix(seed: 7)
            let rgb = (0..<3 * w * h).map { _ in Double.random(in: 0.02...0.98, using: &random) }
            let unit = Double(1 << (depth - 8))
            let top = Double(1 << depth) - 1
            var planes = [[Int]](repeating: [], count: 3)
            for i in 0..<w * h {
                let (r, g, b) = (rgb[i], rgb[w * h + i], rgb[2 * w * h + i])
                let y = kr * r + (1 - kr - kb) * g + kb * b
                planes[0].append(Int((isFullRange ? y * top : (16 + 219 * y) * unit).rounded()))
                for (plane, c) in [(1, (b - y) / (2 * (1 - kb))), (2, (r - y) / (2 * (1 - kr)))] {
                    planes[plane].append(Int((128 * unit + c * (isFullRange ? top : 224 * unit)).rounded()))
                }
            }
            let frame = try VideoFrame(
                width: w, height: h, pixelFormat: "yuv444p" + suffix,
                colours: ColourTags(matrix: matrix, isFullRange: isFullRange),
                bytes: Self.samples(planes.flatMap { $0 }, depth: depth))
            let got = try Self.rgb(frame)
            var worst = (0.0, 0)
            for i in 0..<w * h {
                let y =
                    (Double(planes[0][i]) - (isFullRange ? 0 : 16 * unit)) / (isFullRange ? top : 219 * unit)
                let scale = isFullRange ? top : 224 * unit
                let cb = (Double(planes[1][i]) - 128 * unit) / scale
                let cr = (Double(planes[2][i]) - 128 * unit) / scale
                let r = y + 2 * (1 - kr) * cr
                let b = y + 2 * (1 - kb) * cb
                let g = (y - kr * r - kb * b) / (1 - kr - kb)
                for (channel, value) in [r, g, b].enumerated() {
                    let error = abs(Double(got[channel * w * h + i]) - value)
                    if error > worst.0 { worst = (error, channel * w * h + i) }
                }
            }
            #expect(worst.0 <= tolerance, "depth \(depth): off by \(worst.0) at \(worst.1)")
        }
    }

    /// New pictures get the nearest code values: nothing is cut off, and no noise is added.
    @Test(arguments: [
        "yuv420p", "yuv422p", "yuv444p", "nv12", "yuyv422", "yuva420p", "yuv420p10le", "yuv422p10le",
        "yuv444p10le", "yuv420p10be", "p010le", "yuv444p12le",
    ])
    func newPicturesAreRoundedToTheNearest(_ format: String) throws {
        let depth = format.contains("10") ? 10 : format.contains("p12") ? 12 : 8
        let (w, h) = (16, 8)
        let model = try #require(
            (1...12).lazy.compactMap { half in
                try? VideoFrame(
                    width: w, height: h, pixelFormat: format,
                    colours: ColourTags(matrix: "bt709", isFullRange: false),
                    bytes: [UInt8](repeating: 0, count: w * h * half / 2))
            }.first)
        // Luma of all levels, and no colour.
        let levels = (0..<w * h).map { 0.1 + 0.8 * Float($0) / Float(w * h) }
        let made = try Self.frame(levels + levels + levels, like: model)
        let unit = Float(1 << (depth - 8))
        for y in 0..<h {
            let bytes = made.withRow(plane: 0, y) { Array($0) }
            for x in 0..<w {
                let code: Int
                switch format {
                case "yuyv422": code = Int(bytes[2 * x])
                case "p010le": code = (Int(bytes[2 * x]) + 256 * Int(bytes[2 * x + 1])) >> 6
                case "yuv420p10be": code = 256 * Int(bytes[2 * x]) + Int(bytes[2 * x + 1])
                default: code = depth == 8 ? Int(bytes[x]) : Int(bytes[2 * x]) + 256 * Int(bytes[2 * x + 1])
                }
                let exact = (16 + 219 * levels[y * w + x]) * unit
                // Half a code, and the rounding to 16 bits before.
                #expect(
                    abs(Float(code) - exact) <= 0.5 + unit / 256, "\(code) at (\(x), \(y)), exactly \(exact)")
            }
        }
    }
}
