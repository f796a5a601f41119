import Foundation
import Media
import Testing
import Timing

/// Memory stays the same however long a clip is.
@Suite struct MemoryTests {
    /// Resident memory in pages; nil where the system does not tell in this way.
    private var residentPages: Int? {
        FileManager.default.contents(atPath: "/proc/self/statm").flatMap {
            String(decoding: $0, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
    }

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
        let before = residentPages
        try Conversion().run(path, to: half)
        let after = residentPages
        #expect(try Decoded(half).frames.count == 2 * count)
        if let before, let after {
            // Other tests run beside this one: 64 MiB, where the frames alone have 6 KiB each.
            #expect(after - before < (64 << 20) / 4096)
        }
    }
}
