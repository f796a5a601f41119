import Foundation
import Media
import Testing
import Timing

#if canImport(Glibc)
    import Glibc

    /// A file that cannot grow, as on a full disk. The limit holds for the whole process: other tests write less.
    @Suite struct FullDiskTests {
        @Test func theErrorNamesTheOutputAndNothingIsLeft() throws {
            let scratch = try Scratch()
            signal(SIGXFSZ, SIG_IGN)
            var old = rlimit()
            try #require(getrlimit(__rlimit_resource_t(1), &old) == 0)  // RLIMIT_FSIZE
            var small = rlimit(rlim_cur: 4 << 20, rlim_max: old.rlim_max)
            try #require(setrlimit(__rlimit_resource_t(1), &small) == 0)
            defer { setrlimit(__rlimit_resource_t(1), &old) }
            var random = SplitMix(seed: 1)
            let bytes = (0..<1024 * 1024).map { _ in UInt8.random(in: 0...255, using: &random) }
            let frame = try VideoFrame(width: 1024, height: 1024, pixelFormat: "gray", bytes: bytes)
            let output = scratch.path("out.mkv")
            let error = try #require(throws: MediaError.self) {
                let reader = try VideoReader(path: Clip.path("one-frame.mp4"))
                let writer = try VideoWriter(
                    path: output, copying: reader, first: frame, rate: Rational(25),
                    timeBase: Rational(1, 25),
                    settings: EncoderSettings(codec: "ffv1"), overwrite: true, inputs: [])
                for index in 0..<8 {
                    try writer.write(frame, at: Rational(Int64(index), 25), duration: Rational(1, 25))
                }
                try writer.finish()
            }
            #expect(error.description.hasPrefix("\(output): "), "\(error)")
            #expect(error.description.contains(String(cString: strerror(EFBIG))), "\(error)")
            #expect(!error.isUsageError)
            #expect(try scratch.files.isEmpty)
        }
    }
#endif
