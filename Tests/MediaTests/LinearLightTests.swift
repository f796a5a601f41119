import Foundation
import Media
import Testing

/// Pictures of floats, as EXR holds them.
@Suite struct LinearLightTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private static let lights: [Float] = [
        -0.5, -0.001, 0, 1e-4, 0.0031308, 0.18, 0.5, 1, 1.5, 16, 1000, 60000,
    ]

    /// A picture of one row, whose red, green and blue are `lights` and neighbours in that list.
    private func frame(alpha: [Float]? = nil) throws -> VideoFrame {
        let lights = Self.lights
        let planes = [1, 2, 0].flatMap { shift in lights.indices.map { lights[($0 + shift) % lights.count] } }
        let bytes = (planes + (alpha ?? [])).flatMap { value in
            withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        }
        return try VideoFrame(
            width: lights.count, height: 1, pixelFormat: alpha == nil ? "gbrpf32le" : "gbrapf32le",
            bytes: bytes)
    }

    private func floats(_ frame: VideoFrame) -> [Float] {
        stride(from: 0, to: frame.bytes.count, by: 4).map { index in
            Float(
                bitPattern: frame.bytes[index..<index + 4].reversed().reduce(UInt32(0)) {
                    $0 << 8 | UInt32($1)
                })
        }
    }

    @Test func lightReturns() throws {
        let frame = try frame()
        let rgb = try ConversionAccuracyTests.rgb(frame)
        // sRGB's curve up to white, and beyond it a scale that stays small.
        let red = Array(rgb[..<Self.lights.count])
        #expect(zip(red, red.dropFirst()).allSatisfy { $0 < $1 })
        #expect(abs(red[5] - 0.46135613) < 1e-6 && abs(red[7] - 1) < 1e-6 && red.last! < 6)
        let back = floats(try ConversionAccuracyTests.frame(rgb, like: frame))
        for (got, expected) in zip(back, floats(frame)) {
            #expect(abs(got - expected) <= 1e-5 * abs(expected) + 1e-8, "\(got), not \(expected)")
        }
    }

    /// What is no number, or without an end, is not handed on.
    @Test func strangeFloatsBecomeNumbers() throws {
        let bytes = [Float.nan, .infinity, -.infinity, 1].flatMap { value in
            withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        }
        let frame = try VideoFrame(width: 4, height: 1, pixelFormat: "grayf32le", bytes: bytes)
        let rgb = try ConversionAccuracyTests.rgb(frame)
        #expect(rgb.allSatisfy(\.isFinite) && rgb[0] == 0)
        #expect(floats(try ConversionAccuracyTests.frame(rgb, like: frame)).allSatisfy(\.isFinite))
    }

    @Test func framesPassThroughEXRBitForBit() throws {
        for frame in [try frame(), try frame(alpha: Self.lights.map { min(max($0, 0), 1) })] {
            let path = scratch.path("a.exr")
            let writer = try ImageWriter(like: path, settings: EncoderSettings(), overwrite: true, inputs: [])
            try writer.write(frame, to: path)
            let read = try #require(try Decoded(path).frames.first)
            #expect(read.pixelFormatName == frame.pixelFormatName)
            #expect(read.bytes == frame.bytes)
            #expect(writer.notes.isEmpty)
        }
    }

    /// PNG gets sRGB's curve, and EXR made of PNG linear light again.
    @Test func wholeNumbersAreNotLinear() throws {
        let (exr, png) = (scratch.path("b.exr"), scratch.path("b.png"))
        let writer = try ImageWriter(like: png, settings: EncoderSettings(), overwrite: true, inputs: [])
        try writer.write(frame(), to: png)
        #expect(writer.notes.first?.contains("sRGB") == true, "\(writer.notes)")
        let picture = try #require(try Decoded(png).frames.first)
        #expect(picture.pixelFormatName == "rgb48be")
        let red = stride(from: 0, to: picture.bytes.count, by: 6).map {
            Int(picture.bytes[$0]) << 8 | Int(picture.bytes[$0 + 1])
        }
        #expect(red[0] == 0 && abs(red[5] - 30235) <= 1 && red[7...].allSatisfy { $0 == 65535 }, "\(red)")
        try ImageWriter(like: exr, settings: EncoderSettings(), overwrite: true, inputs: []).write(
            picture, to: exr)
        let back = floats(try #require(try Decoded(exr).frames.first)).suffix(Self.lights.count)
        for (got, light) in zip(back, Self.lights) {
            #expect(abs(got - min(max(light, 0), 1)) < 3e-5, "\(got), not \(light)")
        }
    }
}
