import Foundation
import Media

/// Whole files of video, in every container that the fixtures have: demuxed, decoded, interpolated and written.
struct ClipTarget: FuzzTarget {
    enum Part {
        /// Mostly the beginning and the end, where containers keep what they know of streams.
        case container
        /// Mostly what decoders read.
        case everything
    }

    let part: Part

    var name: String { part == .container ? "containers" : "clips" }
    var summary: String {
        part == .container ? "files of video, damaged at their ends" : "files of video, damaged anywhere"
    }
    var share: Int { 3 }

    private static let clips = [
        "attachments.mkv", "av.mp4", "cover-art.mp3", "drop-24000-1001.mp4", "full-range.mp4", "grey.mkv",
        "late-audio.mkv", "odd-33x17.mkv", "offset.mp4", "one-frame.mp4", "rgba.mkv", "rotated.mp4",
        "size-change.ts", "ten-bit.mkv", "tiny-1x1.mkv", "vfr.mkv",
    ]

    func corpus() throws -> [[UInt8]] {
        try Self.clips.map { try Fixtures.bytes("clips/\($0)") } + Fixtures.earlier(name)
    }

    var mutator: Mutator {
        Mutator(
            tokens: [
                "moov", "trak", "edts", "elst", "stts", "ctts", "stsc", "stsz", "stco", "mdhd", "tkhd",
                "colr",
                "ftyp", "moof", "traf", "trun", "avcC", "sidx",
            ],
            bytes: [
                [0x1a, 0x45, 0xdf, 0xa3], [0x1f, 0x43, 0xb6, 0x75], [0xa3], [0x01, 0xff], [0x2a, 0xd7, 0xb1],
                [0x44, 0x89], [0x23, 0xe3, 0x83], [0, 0, 1, 0x67], [0, 0, 1, 0x65], [0x47, 0x40, 0x11],
                [0, 0, 1, 0xe0],
            ],
            focus: part == .container ? .ends(700) : .everywhere, greatestLength: 80_000)
    }

    func read(_ bytes: [UInt8], _ scratch: Scratch) throws {
        var choices = Choices(bytes)
        let (work, ending) = MeanInterpolation.chosen(by: &choices)
        let input = try scratch.write(bytes, "input")
        try work.run(
            input, InputSettings(deinterlaces: !choices.once(in: 4), greatestPixels: PixelLimit.fuzzing),
            to: scratch.path("output.\(ending)"))
    }
}

enum PixelLimit {
    /// The pixels of a frame that inputs may ask for here. The program's own limit is that of the largest screens, which take
    /// more memory than an input may here.
    static let fuzzing = 1 << 20
}
