import Foundation
import Media
import Testing
import Timing

/// Formats that list pictures and say little else.
@Suite struct RawStreamTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// YUV4MPEG of every depth and layout keeps its pixels.
    @Test(arguments: [
        "gray", "gray10le", "gray12le", "gray16le", "yuv420p", "yuv422p", "yuv444p", "yuv420p10le",
        "yuv422p10le", "yuv444p10le", "yuv420p12le", "yuv422p12le", "yuv444p12le", "yuv420p16le",
        "yuv422p16le", "yuv444p16le",
    ])
    func yuv4MPEG(_ format: String) throws {
        var random = SplitMix(seed: 5)
        let depth = Int(format.filter(\.isNumber).dropFirst(format.hasPrefix("gray") ? 0 : 3)) ?? 8
        let samples =
            format.hasPrefix("gray")
            ? 64
            : [("0", 96), ("2", 128), ("4", 192)]
                .first { format.dropFirst(5).hasPrefix($0.0) }!.1
        let codes = (0..<samples).map { _ in Int.random(in: 0..<(1 << depth), using: &random) }
        let frame = try VideoFrame(
            width: 8, height: 8, pixelFormat: format, colours: ColourTags(isFullRange: false),
            bytes: ConversionAccuracyTests.samples(codes, depth: depth))
        let path = scratch.path("a.y4m")
        let reader = try VideoReader(path: Clip.path("one-frame.mp4"))
        let writer = try VideoWriter(
            path: path, copying: reader, first: frame, rate: Rational(24000, 1001),
            timeBase: Rational(1001, 24000), settings: EncoderSettings(), overwrite: true, inputs: [])
        for index in 0..<2 {
            try writer.write(
                frame, at: Rational(Int64(index) * 1001, 24000), duration: Rational(1001, 24000))
        }
        try writer.finish()
        let decoded = try Decoded(path)
        #expect(decoded.frames.count == 2 && decoded.frames[1].time == Rational(1001, 24000))
        for copy in decoded.frames {
            #expect(copy.pixelFormatName == format && copy.bytes == frame.bytes)
            #expect(copy.colours.isFullRange == false)
        }
    }

    /// What YUV4MPEG cannot name is converted, and said.
    @Test func otherLayoutsAreConverted() throws {
        let frame = try VideoFrame(
            width: 2, height: 2, pixelFormat: "rgb24", bytes: [UInt8](repeating: 200, count: 12))
        let reader = try VideoReader(path: Clip.path("one-frame.mp4"))
        let writer = try VideoWriter(
            path: scratch.path("b.y4m"), copying: reader, first: frame, rate: Rational(25),
            timeBase: Rational(1, 25), settings: EncoderSettings(), overwrite: true, inputs: [])
        try writer.write(frame, at: .zero, duration: Rational(1, 25))
        try writer.finish()
        #expect(writer.notes.first?.contains("from rgb24 to yuv444p") == true, "\(writer.notes)")
        #expect(try Decoded(scratch.path("b.y4m")).frames[0].pixelFormatName == "yuv444p")
    }

    /// A pause in the input has no place where frames only follow one another.
    @Test func lostPausesAreReported() throws {
        let path = scratch.path("c.y4m")
        let notes = try Conversion().run(Clip.path("vfr.mkv"), to: path)
        #expect(notes.contains { $0.hasPrefix("container yuv4mpegpipe holds no times") }, "\(notes)")
    }

    @Test func rawPicturesAndTheirRate() throws {
        let path = try scratch.write([UInt8](0..<24), "d.raw")
        let settings = InputSettings(
            format: "rawvideo", size: .init(width: 4, height: 2), pixelFormat: "gray",
            frameRate: Rational(24000, 1001))
        let reader = try VideoReader(path: path, settings: settings)
        var frames: [VideoFrame] = []
        while let frame = try reader.nextFrame() { frames.append(frame) }
        #expect(frames.map(\.bytes) == [Array(0..<8), Array(8..<16), Array(16..<24)])
        #expect(frames.map(\.time) == (0..<3).map { Rational(1001 * $0, 24000) })
        #expect(reader.video.frameRate == Rational(24000, 1001))
    }

    @Test func imagesHaveTheRateThatIsStated() throws {
        for index in 0..<3 { _ = try scratch.write(Array("P5 1 1 255 ".utf8) + [7], "\(index).pgm") }
        let reader = try VideoReader(path: scratch.folder, settings: InputSettings(frameRate: Rational(24)))
        var times: [Rational] = []
        while let frame = try reader.nextFrame() { times.append(frame.time) }
        #expect(times == [.zero, Rational(1, 24), Rational(1, 12)])
        #expect(reader.video.frameRate == Rational(24))
    }

    /// A file that states its own rate is not told another one.
    @Test func whatAFormatDoesNotTakeIsRefused() throws {
        let path = Clip.path("av.mp4")
        let error = #expect(throws: MediaError.self) {
            try VideoReader(path: path, settings: InputSettings(frameRate: Rational(30)))
        }
        #expect(error?.isUsageError == true)
        #expect(error?.description.hasSuffix("takes no frame rate: it states its own") == true)
    }
}
