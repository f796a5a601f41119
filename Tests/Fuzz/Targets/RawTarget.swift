import Media
import Timing

/// Raw pictures. The first line of an input is what the options say: size, pixel format, rate.
struct RawTarget: FuzzTarget {
    var name: String { "raw" }
    var summary: String { "raw pictures and what is said of them" }
    var share: Int { 2 }

    func corpus() throws -> [[UInt8]] {
        [
            ("16x16 yuv420p 25", 768), ("8x6 yuv422p10le 24000/1001", 400), ("5x3 gbrpf32le 60", 360),
            ("9x7 rgb24 30", 400), ("16x2 pal8 25", 2000), ("33x1 gray16be 1/2", 200),
            ("4x4 yuva444p16le 25", 600),
            ("16x16 nv12 25", 800), ("8x8 rgba 1000", 600), ("8x8 yuyv422 25", 600),
        ].map { line, count in
            Array("\(line)\n".utf8) + (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
        } + (try Fixtures.earlier(name))
    }

    var mutator: Mutator {
        Mutator(
            tokens: [
                "x", " ", "/", "\n", "1x1", "32768x1", "32767x32767", "2x1", "xyz12le", "monob",
                "bayer_rggb8",
                "yuv410p", "uyyvyy411", "p010le", "gray10be", "grayf32le", "ya16le", "rgb48be", "vaapi",
                "bgr4_byte", "gbrap12le", "yuv440p12be", "100000", "1/86400", "999999999/1", "0",
            ],
            focus: .ends(40), greatestLength: 20_000)
    }

    func read(_ bytes: [UInt8], _ scratch: Scratch) throws {
        let line = bytes.prefix { $0 != 0x0a }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
        let sides = words.first?.split(separator: "x").compactMap { Int($0) } ?? []
        // What the command line refuses does not come here.
        guard words.count == 3, sides.count == 2, sides.allSatisfy({ (1...32_768).contains($0) }),
            let rate = Rational(frameRate: words[2]), rate >= Rational(1, 86_400), rate <= Rational(100_000)
        else { return }
        var choices = Choices(bytes)
        let (work, ending) = MeanInterpolation.chosen(by: &choices)
        let settings = InputSettings(
            format: "rawvideo", size: .init(width: sides[0], height: sides[1]), pixelFormat: words[1],
            frameRate: rate, greatestPixels: PixelLimit.fuzzing)
        let input = try scratch.write(Array(bytes.dropFirst(line.count + 1)), "input.raw")
        try work.run(input, settings, to: scratch.path("output.\(ending)"))
    }
}
