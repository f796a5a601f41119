import Foundation
import Media
import Pixels
import ReferenceBackend
import Testing

/// The conversion that backends may do themselves, in plain loops, against the one by swscale.
@Suite struct SampleTests {
    static let layouts = ["420", "422", "444"]
    static let locations = ["left", "center", "topleft", "top", "bottomleft", "bottom"]
    static let sizes = [(1, 1), (2, 2), (3, 5), (4, 3), (7, 9), (10, 6), (33, 17), (64, 48), (101, 53)]

    /// How far apart code values are.
    struct Difference {
        var worst = 0
        var sum = 0
        var count = 0

        mutating func add(_ first: [UInt8], _ second: [UInt8], depth: Int) {
            let (first, second) = (
                ConversionAccuracyTests.values(first, depth: depth),
                ConversionAccuracyTests.values(second, depth: depth)
            )
            for (value, other) in zip(first, second) {
                worst = max(worst, abs(value - other))
                sum += abs(value - other)
            }
            count += first.count
        }

        var mean: Double { Double(sum) / Double(max(1, count)) }
    }

    /// Smooth waves with noise of all code values in places.
    static func frame(
        _ layout: String, _ depth: Int, _ size: (Int, Int), _ location: String, _ matrix: String,
        _ isFullRange: Bool, noise: Double
    ) throws -> VideoFrame {
        let (w, h) = size
        let chroma = (
            layout == "444" ? w : (w + 1) / 2, layout == "420" ? (h + 1) / 2 : h
        )
        var random = SplitMix(seed: UInt64(w * 1000 + h))
        let top = Double(1 << depth - 1)
        var codes: [Int] = []
        for (plane, size) in [(w, h), chroma, chroma].enumerated() {
            for y in 0..<size.1 {
                for x in 0..<size.0 {
                    let wave = sin(Double(x) * 0.21 + Double(plane)) * cos(Double(y) * 0.17)
                    var value = 0.5 + 0.3 * wave
                    if Double.random(in: 0..<1, using: &random) < noise {
                        value = Double.random(in: 0...1, using: &random)
                    }
                    codes.append(Int((value * top).rounded()))
                }
            }
        }
        return try VideoFrame(
            width: w, height: h, pixelFormat: "yuv\(layout)p" + (depth == 8 ? "" : "\(depth)le"),
            colours: ColourTags(matrix: matrix, chromaLocation: location, isFullRange: isFullRange),
            bytes: ConversionAccuracyTests.samples(codes, depth: depth))
    }

    private func compare(
        _ frame: VideoFrame, _ name: String, rgb: inout Float, codes: inout Difference, depth: Int
    ) throws {
        let samples = try #require(PixelConverter().samples(of: frame))
        #expect(samples.bytes == frame.bytes)
        let (expected, got) = (
            try ConversionAccuracyTests.rgb(frame), ReferenceSamples.rgb(of: samples)
        )
        let worst = zip(expected, got).map { abs($0 - $1) }.max() ?? 0
        rgb = max(rgb, worst)
        // A part of a code value of 16 bits: the floats' own rounding.
        #expect(worst < 4e-6, "\(name): RGB is off by \(worst)")
        // Another picture than the frame's own, so that codes are rounded.
        let changed = expected.enumerated().map { $1 * 0.93 + 0.01 * Float($0 % 7) }
        let back = try ConversionAccuracyTests.frame(changed, like: frame)
        let planes = ReferenceSamples.planes(of: changed, as: samples.format, within: -8...8)
        codes.add(back.bytes, planes.bytes, depth: depth)
        let held = try PixelConverter().frame(holding: planes, like: frame)
        #expect(held.bytes == planes.bytes && held.colours == frame.colours)
    }

    @Test(arguments: [8, 10, 12], layouts)
    func agreeWithTheConverter(_ depth: Int, _ layout: String) throws {
        var (rgb, codes) = (Float(0), Difference())
        for size in Self.sizes {
            for location in layout == "444" ? ["left"] : Self.locations {
                for (matrix, isFullRange) in [
                    ("smpte170m", false), ("bt709", true), ("bt2020nc", false), ("smpte170m", true),
                    ("bt709", false), ("bt2020nc", true),
                ] {
                    for noise in [0.0, 0.2] {
                        let frame = try Self.frame(
                            layout, depth, size, location, matrix, isFullRange, noise: noise)
                        let name = "\(size) \(location) \(matrix) full \(isFullRange) noise \(noise)"
                        try compare(frame, name, rgb: &rgb, codes: &codes, depth: depth)
                    }
                }
            }
        }
        print(
            "yuv\(layout)p of \(depth) bits: RGB off by \(rgb), codes by \(codes.worst), mean \(codes.mean)")
        #expect(codes.worst <= 1 && codes.mean < 1e-4, "codes are off by \(codes.worst), mean \(codes.mean)")
    }

    /// Real footage.
    @Test(arguments: ["av.mp4", "odd-33x17.mkv", "ten-bit.mkv", "full-range.mp4", "big-buck-bunny.mp4"])
    func agreeOnClips(_ clip: String) throws {
        var (rgb, codes) = (Float(0), Difference())
        for frame in try Decoded(Clip.path(clip)).frames.prefix(3) {
            let depth = frame.pixelFormatName.hasSuffix("10le") ? 10 : 8
            try compare(frame, clip, rgb: &rgb, codes: &codes, depth: depth)
        }
        print("\(clip): RGB off by \(rgb), codes by \(codes.worst), mean \(codes.mean)")
        #expect(codes.count > 0 && codes.worst <= 1 && codes.mean < 1e-4)
    }

    /// Formats whose chroma shares a plane hold the same samples.
    @Test(arguments: [("nv12", 8), ("p010le", 10)], sizes)
    func chromaMayShareAPlane(_ format: (name: String, depth: Int), _ size: (Int, Int)) throws {
        for location in Self.locations {
            let planar = try Self.frame("420", format.depth, size, location, "bt709", false, noise: 0.2)
            let samples = try #require(PixelConverter().samples(of: planar))
            let codes = ConversionAccuracyTests.values(planar.bytes, depth: format.depth)
            let (luma, chroma) = (codes.prefix(size.0 * size.1), Array(codes.dropFirst(size.0 * size.1)))
            let half = chroma.count / 2
            let pairs = (0..<half).flatMap { [chroma[$0], chroma[half + $0]] }
            let shift = format.depth == 10 ? 6 : 0
            let shared = try VideoFrame(
                width: size.0, height: size.1, pixelFormat: format.name,
                colours: ColourTags(matrix: "bt709", chromaLocation: location, isFullRange: false),
                bytes: ConversionAccuracyTests.samples(
                    (luma + pairs).map { $0 << shift }, depth: format.depth))
            let got = try #require(PixelConverter().samples(of: shared))
            #expect(got.format == samples.format && got.bytes == samples.bytes)
            #expect(try PixelConverter().frame(holding: got, like: shared).bytes == shared.bytes)
            // And the converter takes them for the same.
            #expect(try ConversionAccuracyTests.rgb(shared) == ConversionAccuracyTests.rgb(planar))
        }
    }

    /// Samples of another picture are refused.
    @Test func otherSizesAreRefused() throws {
        let (small, large) = (
            try Self.frame("420", 8, (4, 3), "left", "bt709", false, noise: 0),
            try Self.frame("420", 8, (10, 6), "left", "bt709", false, noise: 0)
        )
        let samples = try #require(PixelConverter().samples(of: small))
        #expect(throws: MediaError.self) { try PixelConverter().frame(holding: samples, like: large) }
    }

    /// What has no samples of this kind is left to the converter.
    @Test(arguments: ["rgba.mkv", "grey.mkv"]) func othersHaveNone(_ clip: String) throws {
        let frame = try #require(try Decoded(Clip.path(clip)).frames.first)
        #expect(PixelConverter().samples(of: frame) == nil)
    }

    @Test(arguments: [
        "nv21", "yuyv422", "p016le", "yuva420p", "yuv420p10be", "yuv420p16le", "yuv410p", "yuv440p", "gbrp",
        "gray",
    ])
    func otherFormatsHaveNone(_ format: String) throws {
        let bytes = (8 * 8...8 * 8 * 8).lazy.compactMap { count in
            try? VideoFrame(
                width: 8, height: 8, pixelFormat: format, bytes: [UInt8](repeating: 90, count: count))
        }.first
        #expect(PixelConverter().samples(of: try #require(bytes)) == nil)
    }
}
