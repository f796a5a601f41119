import Foundation
import Media
import Testing
import Timing

/// What goes wrong, what it is called, and what is left behind: nothing.
@Suite struct FailureTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func failure(
        _ input: String = Clip.path("av.mp4"), to output: String,
        _ settings: EncoderSettings = EncoderSettings(),
        overwrite: Bool = true
    ) throws -> MediaError {
        let files = try scratch.files
        let error = try #require(throws: MediaError.self) {
            try Conversion(settings: settings, overwrite: overwrite).run(input, to: output)
        }
        #expect(try scratch.files == files)
        #expect(!error.description.contains("\n"))
        return error
    }

    @Test(arguments: [
        ("missing.mp4", "cannot be opened: No such file or directory"), ("LICENSE.md", "cannot be opened"),
        ("audio-only.m4a", "has no video stream"), ("cover-art.mp3", "has no video stream"),
    ])
    func inputs(_ name: String, _ message: String) throws {
        let error = try failure(Clip.path(name), to: scratch.path("out.mp4"))
        #expect(error.description.hasPrefix("\(Clip.path(name)): \(message)"))
        #expect(error.isUsageError)
    }

    @Test(arguments: [
        ("out.foo", "names no container"), ("out", "names no container"), ("out.mp3", "holds no video"),
        ("out.wav", "holds no video"), ("out.png", "names an image"), ("out.m3u8", "several files"),
        ("missing/out.mp4", "the folder does not exist"),
    ])
    func outputs(_ name: String, _ message: String) throws {
        let error = try failure(to: scratch.path(name))
        #expect(error.description.contains(message), "\(error)")
        #expect(error.isUsageError)
    }

    static let settings: [(EncoderSettings, String, String)] = [
        (.init(codec: "ffv1"), "mp4", "container mp4 cannot hold video of codec ffv1"),
        (.init(codec: "libx264"), "webm", "container webm cannot hold video of codec h264"),
        (.init(codec: "nonsense"), "mp4", "no video encoder is called 'nonsense'"),
        (.init(codec: "aac"), "mp4", "no video encoder is called 'aac'"),
        (.init(preset: "nonsense"), "mp4", "encoder libx264 does not take 'nonsense' for option 'preset'"),
        (.init(quality: -5), "mp4", "encoder libx264 does not take '-5' for option 'crf'"),
        (.init(codec: "mpeg4", quality: 20), "mkv", "encoder mpeg4 has no option 'crf'"),
        (.init(pixelFormat: "nonsense"), "mp4", "no pixel format is called 'nonsense'"),
        (.init(pixelFormat: "rgb24"), "mp4", "encoder libx264 does not take pixel format rgb24"),
        (
            .init(options: [.init(key: "nonsense", value: "1")]), "mp4",
            "encoder libx264 has no option 'nonsense'"
        ),
        (
            .init(options: [.init(key: "bf", value: "zz")]), "mp4",
            "encoder libx264 does not take 'zz' for option 'bf'"
        ),
        // The size and time base are the frames' own.
        (
            .init(options: [.init(key: "video_size", value: "16x16")]), "mp4",
            "encoder libx264 has no option 'video_size'"
        ),
        (
            .init(options: [.init(key: "time_base", value: "1/7")]), "mp4",
            "encoder libx264 has no option 'time_base'"
        ),
    ]

    @Test(arguments: settings) func encoderSettings(
        _ settings: EncoderSettings, _ ending: String, _ message: String
    ) throws {
        let error = try failure(to: scratch.path("out.\(ending)"), settings)
        #expect(error.description.hasPrefix(message), "\(error)")
        #expect(error.isUsageError)
    }

    /// x265 writes past its buffers for narrow pictures.
    @Test func narrowPicturesForX265() throws {
        let error = try failure(
            Clip.path("odd-33x17.mkv"), to: scratch.path("out.mkv"), .init(codec: "libx265"))
        #expect(error.description == "encoder libx265 takes no pictures as small as 33x17")
    }

    @Test func theOutputIsTheInput() throws {
        let input = scratch.path("in.mp4")
        try FileManager.default.copyItem(atPath: Clip.path("av.mp4"), toPath: input)
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path("soft.mp4"), withDestinationPath: input)
        try FileManager.default.linkItem(atPath: input, toPath: scratch.path("hard.mp4"))
        let before = try Data(contentsOf: URL(fileURLWithPath: input))
        for output in ["in.mp4", "soft.mp4", "hard.mp4"] {
            let error = try failure(input, to: scratch.path(output))
            #expect(error.description.hasSuffix("the output would replace an input"))
            #expect(error.isUsageError)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: input)) == before)
    }

    @Test func foldersAndFilesThatExist() throws {
        try FileManager.default.createDirectory(
            atPath: scratch.path("d.mp4"), withIntermediateDirectories: false)
        #expect(try failure(to: scratch.path("d.mp4")).description.contains("is a folder"))
        _ = try scratch.write([1, 2, 3], "old.mp4")
        let error = try failure(to: scratch.path("old.mp4"), overwrite: false)
        #expect(error.description.hasSuffix("exists already"))
        #expect(error.isUsageError)
        #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.path("old.mp4"))) == Data([1, 2, 3]))
        #expect(try failure(to: "/dev/full").isUsageError)
    }

    /// The file that a link points to is replaced, not the link.
    @Test func linksAreWrittenThrough() throws {
        for target in ["real.mp4", scratch.path("absolute.mp4")] {
            let link = scratch.path("link.mp4")
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
            try Conversion().run(Clip.path("one-frame.mp4"), to: link)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
            #expect(try Decoded(link).frames.count == 2)
            try FileManager.default.removeItem(atPath: link)
        }
        #expect(try scratch.files == ["absolute.mp4", "real.mp4"])
    }

    @Test func colonsInNamesAreNoProtocols() throws {
        let path = scratch.path("12:30.mp4")
        try FileManager.default.copyItem(atPath: Clip.path("one-frame.mp4"), toPath: path)
        #expect(try Decoded(path).frames.count == 1)
    }

    /// A writer that ends early leaves nothing, and its reader can be read on.
    @Test func anAbandonedWriterLeavesNothing() throws {
        let reader = try VideoReader(path: Clip.path("late-audio.mkv"))
        do {
            let writer = try VideoWriter(
                path: scratch.path("out.mkv"), copying: reader, first: reader.firstFrame!, rate: Rational(24),
                timeBase: Rational(1, 24), settings: EncoderSettings(), overwrite: true, inputs: [])
            let frame = try #require(try reader.nextFrame())
            try writer.write(frame, at: frame.time, duration: frame.duration)
            #expect(try scratch.files.count == 1)
        }
        #expect(try scratch.files.isEmpty)
        var count = 1
        while try reader.nextFrame() != nil { count += 1 }
        #expect(count == 48)
    }

    @Test func whatIsTheMachinesFaultIsNoUsageError() {
        #expect(
            !MediaError.ffmpeg(call: "av_interleaved_write_frame", code: -ENOSPC, subject: "", detail: nil)
                .isUsageError)
        #expect(!MediaError.outputNotWritable(path: "", code: ENOSPC).isUsageError)
        #expect(MediaError.outputNotWritable(path: "", code: EACCES).isUsageError)
        #expect(
            !MediaError.ffmpeg(call: "avcodec_open2", code: -ENOMEM, subject: "", detail: nil).isUsageError)
        #expect(!MediaError.system(call: "open input", code: EMFILE, path: "").isUsageError)
    }

    @Test func wrongPictures() {
        #expect(throws: MediaError.self) {
            try VideoFrame(width: 2, height: 2, pixelFormat: "gray", bytes: [1, 2, 3])
        }
        #expect(throws: MediaError.self) {
            try VideoFrame(width: 0, height: 2, pixelFormat: "gray", bytes: [])
        }
        #expect(throws: MediaError.self) {
            try VideoFrame(width: Int.max, height: 2, pixelFormat: "gray", bytes: [])
        }
        #expect(throws: MediaError.self) {
            try VideoFrame(width: 1, height: 1, pixelFormat: "nonsense", bytes: [0])
        }
    }

    /// A header of a few bytes claims more pixels than any screen has.
    @Test func aPictureBeyondTheLimitIsRefused() throws {
        let header = "YUV4MPEG2 W16385 H8192 F25:1 Ip A1:1 C420jpeg\nFRAME\n"
        let path = try scratch.write(Array(header.utf8), "huge.y4m")
        let error = #expect(throws: MediaError.self) { try VideoReader(path: path) }
        #expect(
            error?.description
                == "\(path): its pictures are of 16385x8192, and at most 134217728 pixels are taken")
        #expect(error?.isUsageError == true)
        // The limit holds for sound files too, where it is set lower.
        let small = InputSettings(greatestPixels: 64 * 48 - 1)
        #expect(throws: MediaError.self) { try VideoReader(path: Clip.path("ten-bit.mkv"), settings: small) }
    }
}
