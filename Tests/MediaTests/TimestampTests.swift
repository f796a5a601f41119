import CFFmpeg
import Foundation
import Media
import Testing
import Timing

/// When frames are shown in the output.
@Suite struct TimestampTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Frame times in the output, after doubling the rate.
    private func times(
        of clip: String, in ending: String, codec: String? = nil
    ) throws -> (input: [Rational], output: [Rational], last: Rational) {
        let path = scratch.path("out.\(ending)")
        try Conversion(settings: EncoderSettings(codec: codec)).run(Clip.path(clip), to: path)
        let frames = try Decoded(path).frames
        let input = try Decoded(Clip.path(clip)).frames
        return (input.map(\.time), frames.map(\.time), frames.last!.duration)
    }

    @Test func theReaderGivesTheTimesOfTheFile() throws {
        let frames = try Decoded(Clip.path("vfr.mkv")).frames
        let expected: [Int64] = [0, 40, 60, 150, 151, 190, 300, 341, 500, 520, 555, 700]
        #expect(frames.map(\.time) == expected.map { Rational($0, 1000) })
        #expect(frames.last?.duration == Rational(120, 1000))
    }

    @Test(arguments: ["vfr.mkv", "drop-24000-1001.mp4", "offset.mp4", "av.mp4"], ["mp4", "mov"])
    func originalFramesKeepTheirTimesExactly(_ clip: String, _ ending: String) throws {
        let (input, output, _) = try times(of: clip, in: ending)
        #expect(output.count == 2 * input.count)
        for (index, time) in input.enumerated() {
            #expect(output[2 * index] == time)
            // The new frame lies in the middle.
            if index + 1 < input.count {
                #expect(output[2 * index + 1] == (time + input[index + 1]) * Rational(1, 2))
            }
        }
    }

    @Test(
        arguments: ["vfr.mkv", "drop-24000-1001.mp4", "odd-33x17.mkv", "tiny-1x1.mkv"],
        ["mkv", "nut", "flv", "ts"])
    func otherContainersRoundToTheirUnit(_ clip: String, _ ending: String) throws {
        let (input, output, _) = try times(of: clip, in: ending)
        #expect(output.count == 2 * input.count)
        for (index, time) in input.enumerated() {
            let shown = output[2 * index] - output[0]
            #expect(abs((shown - (time - input[0])).doubleValue) <= 0.00101, "frame \(index)")
        }
        #expect(zip(output, output.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test(arguments: [("avi", nil), ("avi", "mpeg4"), ("mkv", "mpeg4")] as [(String, String?)])
    func constantRateIsKept(_ ending: String, _ codec: String?) throws {
        let (_, output, _) = try times(of: "drop-24000-1001.mp4", in: ending, codec: codec)
        #expect(output.count == 48)
        for (index, time) in output.enumerated() {
            #expect(abs((time - output[0]).doubleValue - Double(index) * 1001 / 48000) <= 0.00101)
        }
    }

    @Test(arguments: [("webm", "vp9"), ("gif", "gif"), ("ogv", "theora"), ("ts", "h264"), ("mov", "h264")])
    func everyContainerGetsItsCodec(_ ending: String, _ codec: String) throws {
        let path = scratch.path("out.\(ending)")
        try Conversion().run(Clip.path("one-frame.mp4"), to: path)
        let file = try MediaFile(path)
        #expect(file.streams[0].codec == codec)
        #expect(file.streams[0].packets.count >= 1)
    }

    /// A frame every 1001/24000 s, an hour and more from the beginning.
    @Test func nothingDriftsWithinHours() throws {
        let path = scratch.path("hours.mp4")
        let first = try VideoFrame(
            width: 16, height: 16, pixelFormat: "gray", bytes: [UInt8](repeating: 90, count: 256))
        let image = scratch.path("one.png")
        try ImageWriter(like: image, settings: EncoderSettings(), overwrite: true, inputs: []).write(
            first, to: image)
        let reader = try VideoReader(path: image)
        let writer = try VideoWriter(
            path: path, copying: reader, first: first, rate: Rational(24000, 1001),
            timeBase: Rational(1001, 24000), settings: EncoderSettings(), overwrite: true, inputs: [])
        let begin: Int64 = 3 * 86_314  // three hours and a little
        for index in 0..<100 {
            let time = Rational(1001 * (begin + Int64(index)), 24000)
            try writer.write(first, at: time, duration: Rational(1001, 24000))
        }
        try writer.finish()
        let frames = try Decoded(path).frames
        #expect(frames.count == 100)
        for (index, frame) in frames.enumerated() {
            #expect(frame.time == Rational(1001 * (begin + Int64(index)), 24000))
        }
    }

    @Test func theLastFrameLastsAsLongAsItDid() throws {
        for ending in ["mp4", "mkv"] {
            let path = scratch.path("out.\(ending)")
            try Conversion().run(Clip.path("vfr.mkv"), to: path)
            #expect(abs(try MediaFile(path).duration - 0.82) <= 0.0011, "\(ending)")
        }
    }

    /// In Matroska two frames half a millisecond apart have one time; the frames behind them keep theirs.
    @Test func aRepeatedTimeMovesOneFrameOnly() throws {
        let path = scratch.path("out.mkv")
        try Conversion().run(Clip.path("vfr.mkv"), to: path)
        let decoded = try Decoded(path)
        #expect(decoded.times[8] == 0.152)
        #expect(decoded.times[10] == 0.19)
        #expect(decoded.notes.contains { $0.contains("1 frame had no usable time and was put") })
    }

    /// Matroska rounds to milliseconds; frames of a constant rate come out of it as they went in.
    @Test(arguments: [
        Rational(24), Rational(24_000, 1001), Rational(30_000, 1001), Rational(60), Rational(60_000, 1001),
        Rational(144),
    ])
    func aConstantRateIsReadWithoutTheContainersRounding(_ rate: Rational) throws {
        let path = scratch.path("in.mkv")
        try write(path, at: (0..<90).map { Rational($0) / rate }, rate: rate)
        let decoded = try Decoded(path)
        #expect(decoded.frames.map(\.time) == (0..<90).map { Rational($0) / rate })
        #expect(decoded.frames.allSatisfy { $0.duration == rate.reciprocal })
        // So they do from another millisecond on.
        let late = scratch.path("late.mkv")
        try write(late, at: (0..<90).map { Rational(7, 1000) + Rational($0) / rate }, rate: rate)
        #expect(
            try Decoded(late).frames.map(\.time) == (0..<90).map { Rational(7, 1000) + Rational($0) / rate })
    }

    /// What keeps to no rate stays as it is, also where the container states one; and so does all behind the first frame
    /// that does not keep to it.
    @Test func aVariableRateIsNotRegularised() throws {
        let path = scratch.path("in.mkv")
        let steps: [Int64] = [0, 42, 83, 126, 165, 208, 250, 291, 330]
        try write(path, at: steps.map { Rational($0, 1000) }, rate: Rational(24))
        #expect(try Decoded(path).frames.map(\.time) == steps.map { Rational($0, 1000) })
        let changing = scratch.path("changing.mkv")
        let regular = (0..<300).map { Rational($0, 24) }
        let later = (0..<20).map { regular[299] + Rational(($0 + 1) * 45, 1000) }
        try write(changing, at: regular + later, rate: Rational(24))
        let times = try Decoded(changing).frames.map(\.time)
        #expect(Array(times.prefix(300)) == regular)
        let rounded = later.map { Rational(($0 * Rational(1000)).rounded, 1000) }
        #expect(Array(times.dropFirst(300)) == rounded)
    }

    private func write(_ path: String, at times: [Rational], rate: Rational) throws {
        let frame = try VideoFrame(
            width: 64, height: 48, pixelFormat: "yuv420p",
            bytes: [UInt8](repeating: 90, count: 64 * 48 * 3 / 2))
        let reader = try VideoReader(path: Clip.path("one-frame.mp4"))
        let writer = try VideoWriter(
            path: path, copying: reader, first: frame, rate: rate, timeBase: Rational(1, 48_000),
            settings: EncoderSettings(codec: "libx264", preset: "ultrafast"), overwrite: true, inputs: [])
        for (index, time) in times.enumerated() {
            let next = index + 1 < times.count ? times[index + 1] : time + rate.reciprocal
            try writer.write(frame, at: time, duration: next - time)
        }
        try writer.finish()
    }

    /// A raw stream has no times: its frames follow each other at the nominal rate.
    @Test func framesWithoutTimesFollowEachOther() throws {
        let raw = scratch.path("raw.h264")
        try Conversion().run(Clip.path("drop-24000-1001.mp4"), to: raw)
        let decoded = try Decoded(raw)
        #expect(decoded.frames.count == 48)
        #expect(zip(decoded.times, decoded.times.dropFirst()).allSatisfy { $0 < $1 })
        let again = scratch.path("again.mp4")
        try Conversion().run(raw, to: again)
        #expect(try Decoded(again).frames.count == 96)
    }

    /// Recordings begin at any time; the output does not.
    @Test func transportStreamsBeginAtZero() throws {
        let frames = try Decoded(Clip.path("size-change.ts")).frames
        #expect(frames[0].time == .zero)
        #expect(frames.count == 12)
    }

    /// A stream that is joined from two files, with its clock starting anew.
    @Test func aClockThatStartsAnewIsContinued() throws {
        let part = scratch.path("part.ts")
        try Conversion().run(Clip.path("av.mp4"), to: part)
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: part)))
        let alone = try Decoded(part).frames.count
        let late = scratch.path("late.ts")
        let single = try VideoFrame(
            width: 96, height: 64, pixelFormat: "yuv420p",
            bytes: [UInt8](repeating: 128, count: 96 * 64 * 3 / 2))
        let reader = try VideoReader(path: Clip.path("one-frame.mp4"))
        let writer = try VideoWriter(
            path: late, copying: reader, first: single, rate: Rational(25), timeBase: Rational(1, 25),
            settings: EncoderSettings(), overwrite: true, inputs: [])
        for index in 0..<10 {
            try writer.write(single, at: Rational(Int64(50_000 + index), 25), duration: Rational(1, 25))
        }
        try writer.finish()
        bytes += [UInt8](try Data(contentsOf: URL(fileURLWithPath: late)))
        let joined = try scratch.write(bytes, "joined.ts")
        let frames = try Decoded(joined).frames
        #expect(frames.count == alone + 10)
        let steps = zip(frames, frames.dropFirst()).map { ($1.time - $0.time).doubleValue }
        #expect(steps.allSatisfy { $0 > 0 && $0 < 0.2 }, "\(steps)")
    }
}
