import Foundation
import Media
import Testing
import Timing

/// Pictures of two fields, which show two moments.
@Suite struct InterlacedTests {
    private static let (width, height, frames) = (32, 24, 5)
    private let scratch: Scratch
    private let clip: String

    /// The brightness of the scene at each field's time: it grows.
    private static func light(field: Int) -> UInt8 { UInt8(40 + 12 * field) }

    /// Writes a clip whose rows of the field that comes first show an earlier time than the others.
    init() throws {
        scratch = try Scratch()
        clip = try Self.write(scratch, "clip.y4m", mark: "t", topFirst: true)
    }

    private static func write(_ scratch: Scratch, _ name: String, mark: String, topFirst: Bool) throws
        -> String
    {
        var bytes = Array("YUV4MPEG2 W\(width) H\(height) F25:1 I\(mark) A1:1 C444\n".utf8)
        for frame in 0..<frames {
            bytes += Array("FRAME\n".utf8)
            for y in 0..<height {
                let isFirst = (y % 2 == 0) == topFirst
                bytes += [UInt8](repeating: light(field: 2 * frame + (isFirst ? 0 : 1)), count: width)
            }
            bytes += [UInt8](repeating: 128, count: 2 * width * height)
        }
        return try scratch.write(bytes, name)
    }

    @Test(arguments: [("t", true), ("b", false)])
    func eachFrameBecomesWhole(_ mark: String, _ topFirst: Bool) throws {
        let path = try Self.write(scratch, "\(mark).y4m", mark: mark, topFirst: topFirst)
        let decoded = try Decoded(path)
        #expect(decoded.frames.count == Self.frames)
        #expect(decoded.frames.map(\.time) == (0..<5).map { Rational(Int64($0), 25) })
        #expect(decoded.frames.allSatisfy { $0.duration == Rational(1, 25) })
        #expect(decoded.notes == ["\(path): is interlaced; each frame is deinterlaced by bwdif"])
        for (index, frame) in decoded.frames.enumerated() {
            for row in 0..<Self.height {
                let light = frame.withRow(plane: 0, row) { $0[Self.width / 2] }
                let expected = Self.light(field: 2 * index)
                // The first field's rows are kept; the others are made for its time.
                let isKept = (row % 2 == 0) == topFirst
                #expect(
                    abs(Int(light) - Int(expected)) <= (isKept ? 0 : 2),
                    "frame \(index), row \(row): \(light)")
            }
        }
    }

    @Test func fieldsAreKeptOnRequest() throws {
        let reader = try VideoReader(path: clip, settings: InputSettings(deinterlaces: false))
        #expect(
            reader.openingNotes == ["\(clip): is interlaced, and combed frames are interpolated as they are"])
        let first = try #require(try reader.nextFrame())
        #expect(first.withRow(plane: 0, 0) { $0[0] } == Self.light(field: 0))
        #expect(first.withRow(plane: 0, 1) { $0[0] } == Self.light(field: 1))
    }

    @Test func progressiveFramesAreNotTouched() throws {
        let path = try Self.write(scratch, "p.y4m", mark: "p", topFirst: true)
        let decoded = try Decoded(path)
        #expect(decoded.notes.isEmpty)
        #expect(decoded.frames[2].withRow(plane: 0, 1) { $0[0] } == Self.light(field: 5))
    }
}
