import Scenes
import Testing

struct CutTests {
    /// Eight frames of each scene, moving by three pixels a frame.
    private func clip(_ seeds: [Int], width: Int = 160, height: Int = 90) -> [RGBPlanes] {
        seeds.flatMap { seed in
            (0..<8).map {
                Synthetic.scene(seed, dx: 3 * Float($0), dy: Float($0), width: width, height: height)
            }
        }
    }

    @Test func everyHardCutIsFoundAndNothingElse() {
        #expect(cuts(clip(Array(1...12))) == (1...11).map { 8 * $0 })
    }

    @Test(arguments: [(33, 17), (64, 36), (7, 90), (500, 40)]) func picturesOfAnySize(
        _ width: Int, _ height: Int
    ) {
        #expect(cuts(clip([1, 2, 3], width: width, height: height)) == [8, 16])
    }

    @Test func aPanIsNoCut() {
        // A tenth of the width a frame.
        #expect(cuts((0..<20).map { Synthetic.scene(5, dx: 16 * Float($0)) }).isEmpty)
    }

    @Test func aFadeIsNoCut() {
        let out = (0...12).map { Synthetic.scene(3, dx: Float($0), gain: 1 - Float($0) / 12) }
        #expect(cuts(out + out.reversed()).isEmpty)
    }

    @Test func aDissolveIsNoCut() {
        let frames = (0...12).map { index in
            let (a, b, t) = (Synthetic.scene(3), Synthetic.scene(4), Float(index) / 12)
            return RGBPlanes(
                width: a.width, height: a.height,
                values: zip(a.values, b.values).map { $0 * (1 - t) + $1 * t })
        }
        #expect(cuts(frames).isEmpty)
    }

    @Test func aFlashIsNoCut() {
        var frames = (0..<12).map { Synthetic.scene(6, dx: 2 * Float($0)) }
        frames[5] = Synthetic.scene(6, dx: 10, gain: 0.5, offset: 0.5)
        frames[9] = Synthetic.flat(1, 1, 1)
        #expect(cuts(frames).isEmpty)
    }

    @Test func aShotOfOneFrameHasTwoCuts() {
        let frames = clip([1]) + [Synthetic.flat(0.9, 0.1, 0.1)] + clip([3])
        #expect(cuts(frames) == [8, 9])
    }

    @Test func stillPicturesThatAlternateAreCuts() {
        // The second return is no flash: what lies between stays.
        let (a, b) = (Synthetic.scene(1), Synthetic.scene(2))
        #expect(cuts([a, a, b, b, a, a, b]) == [2, 4, 6])
    }

    @Test func noiseIsNoCut() {
        let frames = (0..<12).map { Synthetic.scene(7, noise: 0.2, noiseSeed: UInt64($0 + 1)) }
        #expect(cuts(frames).isEmpty)
    }

    @Test func aCutToBlackIsFound() {
        #expect(cuts(clip([8]) + Array(repeating: Synthetic.flat(0, 0, 0), count: 4)) == [8])
    }

    @Test func theThresholdDecides() {
        let frames = clip([1, 2])
        #expect(cuts(frames, threshold: nil).isEmpty)
        #expect(cuts(frames, threshold: 1).isEmpty)
        guard case .cut(let distance) = relations(frames)[7] else {
            Issue.record("no cut at frame 8")
            return
        }
        #expect(distance > 0.12 && distance <= 1)
        #expect(cuts(frames, threshold: distance) == [8])
        #expect(cuts(frames, threshold: distance.nextUp).isEmpty)
    }

    @Test func shortSequences() {
        #expect(relations([]).isEmpty)
        #expect(relations([Synthetic.scene(1)]).isEmpty)
        #expect(cuts([Synthetic.scene(1), Synthetic.scene(2)]) == [1])
    }
}
