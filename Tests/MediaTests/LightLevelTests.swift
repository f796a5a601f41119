import CFFmpeg
import Media
import Testing
import Timing

/// 10 bits of PQ with what was measured of the screen and the film.
@Suite struct LightLevelTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static let kinds = [
        AV_PKT_DATA_MASTERING_DISPLAY_METADATA.rawValue, AV_PKT_DATA_CONTENT_LIGHT_LEVEL.rawValue,
    ]

    private func check(_ path: String, isLike clip: String) throws {
        let (input, output) = (try MediaFile(clip).streams[0], try MediaFile(path).streams[0])
        #expect(output.sideData[Self.kinds[1]] == input.sideData[Self.kinds[1]], "\(path)")
        // Formats have units of their own for chromaticities: the bytes differ where the values do not.
        let (got, expected) = (Self.display(output), Self.display(input))
        #expect(got.count == 10)
        for (a, b) in zip(got, expected) {
            #expect(abs(a - b) <= 1e-5 * max(1, b), "\(got), not \(expected)")
        }
        #expect(output.parameters == input.parameters, "\(path)")
    }

    @Test(arguments: ["mkv", "mp4"])
    func containersCarryThem(_ ending: String) throws {
        let path = scratch.path("out.\(ending)")
        try Conversion(settings: EncoderSettings(codec: ending == "mkv" ? "ffv1" : nil))
            .run(Clip.path("ten-bit.mkv"), to: path)
        try check(path, isLike: Clip.path("ten-bit.mkv"))
    }

    /// A bare stream has no container to carry them: the encoder must be told.
    @Test(.enabled(if: avcodec_find_encoder_by_name("libx265") != nil))
    func theCodecCarriesThem() throws {
        let (bare, path) = (scratch.path("bare.hevc"), scratch.path("out.mkv"))
        try Conversion(settings: EncoderSettings(codec: "libx265")).run(Clip.path("ten-bit.mkv"), to: bare)
        #expect(try MediaFile(bare).streams[0].sideData[Self.kinds[0]] == nil)
        try Conversion(settings: EncoderSettings(codec: "ffv1")).run(bare, to: path)
        try check(path, isLike: Clip.path("ten-bit.mkv"))
    }

    /// Primaries, white point and luminances.
    private static func display(_ stream: MediaFile.Stream) -> [Double] {
        guard let bytes = stream.sideData[kinds[0]] else { return [] }
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(as: AVMasteringDisplayMetadata.self) }
        let (red, green, blue) = value.display_primaries
        let points = [red, green, blue, value.white_point].flatMap { [$0.0, $0.1] }
        return (points + [value.min_luminance, value.max_luminance]).map(av_q2d)
    }
}
