import Foundation
import Media
import Testing

@Suite struct ImageSequencePathTests {
    @Test(arguments: [
        ("out/", true), ("out/%05d.png", true), ("shot.%d.tif", true), ("out", false), ("a.png", false),
    ])
    func whatMeansASequence(_ path: String, _ isSequence: Bool) {
        #expect(ImageSequenceWriter.isSequence(path) == isSequence)
    }
}

@Suite struct ImageNumberTests {
    /// Gaps between numbers at the end of all that fit, several times over.
    @Test func theGreatestNumbers() throws {
        let scratch = try Scratch()
        for name in ["a1", "a9223372036854775806", "b2", "b9223372036854775807"] {
            try FileManager.default.copyItem(
                atPath: Clip.path("one-frame.mp4"), toPath: scratch.path("\(name).png"))
        }
        let notes = try VideoReader(path: scratch.folder).notes
        #expect(
            notes.count == 1 && notes[0].contains("\(Int.max) numbers are missing, the first after 1"),
            "\(notes)")
    }
}
