import Foundation
import Media
import Testing

/// Damaged files: whatever their bytes, reading ends, with frames or an error.
@Suite struct DamageTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func bytes(_ clip: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: Clip.path(clip))))
    }

    /// Reads and converts what a file holds; the number of frames, or nil where it cannot be opened.
    private func survive(_ path: String) throws -> Int? {
        do {
            try Conversion().run(path, to: scratch.path("out.mkv"))
            let decoded = try Decoded(path)
            #expect(zip(decoded.times, decoded.times.dropFirst()).allSatisfy { $0 < $1 })
            return decoded.frames.count
        } catch let error as MediaError {
            #expect(!error.description.contains("\n"))
            return nil
        }
    }

    @Test(arguments: ["attachments.mkv", "size-change.ts", "av.mp4", "odd-33x17.mkv"])
    func cutFiles(_ clip: String) throws {
        let whole = try bytes(clip)
        for part in [0, 1, 100, whole.count / 4, whole.count / 2, whole.count * 3 / 4, whole.count - 1] {
            let path = try scratch.write(Array(whole[..<part]), "cut-\(clip)")
            let frames = try survive(path)
            // What lies before the cut is used, but MP4's index lies at the end of the file.
            if part >= whole.count * 3 / 4, clip != "av.mp4" { #expect((frames ?? 0) > 0, "\(part) bytes") }
        }
    }

    @Test(arguments: ["attachments.mkv", "size-change.ts", "av.mp4", "vfr.mkv", "offset.mp4"])
    func overwrittenFiles(_ clip: String) throws {
        let whole = try bytes(clip)
        for seed in 0..<24 {
            var random = SplitMix(seed: UInt64(seed))
            var damaged = whole
            for _ in 0..<(1 << (seed % 8)) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            _ = try survive(try scratch.write(damaged, "damaged-\(clip)"))
        }
    }

    @Test func damageIsReported() throws {
        var bytes = try bytes("drop-24000-1001.mp4")
        for index in 1000..<2400 { bytes[index] = 0xA5 }
        let decoded = try Decoded(try scratch.write(bytes, "damaged.mp4"))
        #expect(!decoded.frames.isEmpty)
        #expect(decoded.notes.contains { $0.contains("is damaged") && $0.contains(" of 24 frames") })
    }

    /// A demuxer takes the end of a file that was cut short for its end, and only logs that it is not.
    @Test func anEarlyEndIsReported() throws {
        let cut = try scratch.write(Array(try bytes("attachments.mkv").prefix(12_000)), "cut.mkv")
        let decoded = try Decoded(cut)
        #expect(!decoded.frames.isEmpty)
        #expect(
            decoded.notes.contains { $0.contains("is damaged (File ended prematurely)") }, "\(decoded.notes)")
        #expect(try Decoded(Clip.path("attachments.mkv")).notes.isEmpty)
    }

    @Test func aChangeOfSizeIsScaledToTheFirst() throws {
        let decoded = try Decoded(Clip.path("size-change.ts"))
        #expect(decoded.frames.allSatisfy { $0.width == 64 && $0.height == 48 })
        #expect(decoded.notes.contains { $0.contains("frames scaled to the first size: 6") })
    }
}
