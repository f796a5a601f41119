import Media
import Testing
import Timing

/// More frames than any queue or reordering buffer holds.
@Suite struct LongClipTests {
    @Test func aHundredFramesInEveryDirection() throws {
        let scratch = try Scratch()
        let count = 100
        let path = scratch.path("long.mkv")
        let bytes = (0..<64 * 64 * 3 / 2).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let first = try VideoFrame(width: 64, height: 64, pixelFormat: "yuv420p", bytes: bytes)
        let reader = try VideoReader(path: Clip.path("one-frame.mp4"))
        let writer = try VideoWriter(
            path: path, copying: reader, first: first, rate: Rational(25), timeBase: Rational(1, 25),
            settings: EncoderSettings(codec: "ffv1"), overwrite: true, inputs: [])
        for index in 0..<count {
            try writer.write(first, at: Rational(Int64(index), 25), duration: Rational(1, 25))
        }
        try writer.finish()
        let half = scratch.path("half.mkv")
        try Conversion().run(path, to: half)
        #expect(try Decoded(half).frames.count == 2 * count)
    }
}
