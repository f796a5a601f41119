import Foundation
import Media
import Timing

/// The committed clips.
enum Clip {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/clips").path

    static func path(_ name: String) -> String { "\(folder)/\(name)" }
}

/// A folder that lasts as long as this object.
final class Scratch {
    let folder: String

    init() throws {
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("dain-media-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { _ = Result { try FileManager.default.removeItem(atPath: folder) } }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Names of all files, hidden ones too.
    var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
    }

    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }
}

/// Times and bytes of a decoded video.
struct Decoded {
    var frames: [VideoFrame] = []
    var notes: [String]

    init(_ path: String) throws {
        let reader = try VideoReader(path: path)
        while let frame = try reader.nextFrame() { frames.append(frame) }
        notes = reader.notes
    }

    var times: [Double] { frames.map(\.time.doubleValue) }
}

/// What the program does to a clip, with each new frame a copy of the one before, converted to RGB and back.
struct Conversion {
    var rate = Timeline.Rate.factor(2)
    var settings = EncoderSettings()
    var overwrite = true

    /// Returns what reader and writer want the user to know.
    @discardableResult
    func run(_ input: String, to output: String) throws -> [String] {
        let reader = try VideoReader(path: input)
        let rateOut: Rational
        switch rate {
        case .factor(let factor):
            rateOut = (reader.video.frameRate ?? VideoReader.imageRate) * Rational(Int64(factor))
        case .framesPerSecond(let rate): rateOut = rate
        }
        let first = reader.firstFrame!
        let writer = try VideoWriter(
            path: output, copying: reader, first: first, rate: rateOut,
            timeBase: reader.video.timeBase(dividedFor: rate), settings: settings, overwrite: overwrite,
            inputs: [input])
        let (toRGB, fromRGB) = (PixelConverter(), PixelConverter())
        var timeline = Timeline(rate)
        var rgb = [Float](repeating: 0, count: 3 * first.width * first.height)
        var current = try reader.nextFrame()
        while let frame = current {
            let next = try reader.nextFrame()
            let scheduled = timeline.frames(
                from: .init(time: frame.time, duration: frame.duration),
                to: next.map { .init(time: $0.time, duration: $0.duration) })
            for output in scheduled {
                var picture = frame
                if case .between(let t) = output.content, let next {
                    try rgb.withUnsafeMutableBufferPointer { try toRGB.convert(frame, to: $0) }
                    picture = try rgb.withUnsafeBufferPointer {
                        try fromRGB.frame(
                            showing: $0, between: frame, and: next, at: Float(t.doubleValue))
                    }
                }
                try writer.write(picture, at: output.time, duration: output.duration)
            }
            current = next
        }
        try writer.finish()
        return reader.notes + writer.notes
    }
}

/// Small, reproducible pseudo-random numbers.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
