import Foundation
import Media

/// A folder of two images, of which one is damaged.
struct ImageTarget: FuzzTarget {
    var name: String { "images" }
    var summary: String { "folders with a damaged image" }
    var share: Int { 2 }

    private static let kinds = [
        ("png", "rgb24"), ("png", "rgba64be"), ("tif", "rgb48le"), ("exr", "gbrpf32le"), ("ppm", "rgb24"),
        ("bmp", "bgr24"), ("tga", "bgra"), ("jpg", "yuvj420p"), ("dpx", "rgb48be"), ("sgi", "rgb24"),
        ("pam", "rgba"),
    ]

    func corpus() throws -> [[UInt8]] {
        let scratch = try Scratch()
        defer { _ = Result { try scratch.remove() } }
        return try Self.kinds.map { ending, format in
            let path = scratch.path("image.\(ending)")
            let frame = try Self.frame(format)
            try ImageWriter(like: path, settings: EncoderSettings(), overwrite: true, inputs: [])
                .write(frame, to: path)
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } + Fixtures.earlier(name)
    }

    /// A picture of 12×9 pixels.
    private static func frame(_ format: String) throws -> VideoFrame {
        let bytesPerPixel = [
            "rgb24": 3, "bgr24": 3, "rgba": 4, "bgra": 4, "rgb48le": 6, "rgb48be": 6, "rgba64be": 8,
        ]
        let count = format == "yuvj420p" ? 12 * 9 + 2 * 6 * 5 : 12 * 9 * (bytesPerPixel[format] ?? 12)
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 5 % 61) }
        return try VideoFrame(width: 12, height: 9, pixelFormat: format, bytes: bytes)
    }

    var mutator: Mutator {
        Mutator(
            tokens: [
                "IHDR", "PLTE", "IDAT", "tRNS", "cICP", "iCCP", "acTL", "fcTL", "IEND", "channels",
                "compression",
            ],
            bytes: [[0xff, 0xd8], [0xff, 0xc0], [0xff, 0xc4], [0xff, 0xda], [0x49, 0x49, 0x2a, 0]],
            focus: .ends(200), greatestLength: 20_000)
    }

    func read(_ bytes: [UInt8], _ scratch: Scratch) throws {
        var choices = Choices(bytes)
        let folder = scratch.path("frames")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let sound = try Self.frame("rgb24")
        try ImageWriter(like: "1.png", settings: EncoderSettings(), overwrite: true, inputs: [])
            .write(sound, to: "\(folder)/1.png")
        // FFmpeg goes by the ending only where the bytes do not tell.
        let ending = choices.pick(["png", "tif", "exr", "jpg", "tga", "webp", "jp2", "gif", "hdr"])
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(choices.pick([0, 2])).\(ending)"))
        var (work, output) = MeanInterpolation.chosen(by: &choices)
        work.timing = .unchanged
        try work.run(
            folder, InputSettings(greatestPixels: PixelLimit.fuzzing), to: scratch.path("output.\(output)"))
    }
}
