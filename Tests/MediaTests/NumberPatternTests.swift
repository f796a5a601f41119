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
