import Scenes
import Testing

struct RepeatTests {
    private func repeats(_ pictures: [RGBPlanes]) -> [Bool] { relations(pictures).map { $0 == .repeated } }

    @Test func animationOnTwosAndThrees() {
        let frames = [0, 0, 1, 1, 2, 2, 2, 3].map { Synthetic.scene(1, dx: 4 * Float($0)) }
        #expect(repeats(frames) == [true, false, true, false, true, true, false])
    }

    @Test func tracesOfCompressionAreNoChange() {
        // Up to one code value of 255 either way: 0.5 in the mean.
        let frames = (0..<6).map { Synthetic.scene(1, noise: 1 / 255, noiseSeed: UInt64($0 + 1)) }
        #expect(repeats(frames) == [true, true, true, true, true])
    }

    @Test func aSmallChangeIsSeen() {
        // A cursor of 6×6 pixels on a still screen.
        let still = Synthetic.scene(2)
        var values = still.values
        for plane in 0..<3 {
            for y in 40..<46 { for x in 70..<76 { values[(plane * 90 + y) * 160 + x] = 1 } }
        }
        let blink = RGBPlanes(width: 160, height: 90, values: values)
        #expect(repeats([still, still, blink, blink, still]) == [true, false, true, false])
    }

    @Test func aChangeInTheLastRowAndColumnIsSeen() {
        // 33×17: neither is a multiple of the blocks.
        let still = Synthetic.flat(0.2, 0.4, 0.6, width: 33, height: 17)
        var values = still.values
        values[2 * 33 * 17 + 16 * 33 + 32] = 1
        let other = RGBPlanes(width: 33, height: 17, values: values)
        #expect(repeats([still, other]) == [false])
    }

    @Test func slowDriftBreaksTheRun() {
        // A quarter of a code value a frame: each pair is alike, the first and the sixth are not.
        let frames = (0..<12).map {
            Synthetic.flat(0.5 + Float($0) / (4 * 255), 0.5, 0.5 + Float($0) / (4 * 255))
        }
        #expect(relations(frames).contains(.moving))
        #expect(relations(frames).filter { $0 == .moving }.count <= 3)
    }

    @Test func motionOfHalfAPixelIsNoRepeat() {
        let frames = (0..<8).map { Synthetic.scene(4, dx: 0.5 * Float($0)) }
        #expect(relations(frames, tolerance: .invisible).allSatisfy { $0 == .moving })
    }

    @Test func valuesThatAreNoNumbersTrapNothing() {
        let bad = RGBPlanes(width: 9, height: 9, values: [Float](repeating: .nan, count: 243))
        let infinite = RGBPlanes(width: 9, height: 9, values: [Float](repeating: .infinity, count: 243))
        #expect(repeats([bad, bad, infinite, infinite]) == [false, false, false])
    }

    @Test func otherSizesAreNoRepeats() {
        #expect(repeats([Synthetic.flat(0, 0, 0, width: 8), Synthetic.flat(0, 0, 0, width: 9)]) == [false])
    }

    @Test func aChangeOfOpacityIsSeen() {
        let values = Synthetic.flat(0.5, 0.5, 0.5, width: 20, height: 20).values
        let pictures = [Float(1), 1, 0.9].map {
            RGBPlanes(width: 20, height: 20, values: values, alpha: [Float](repeating: $0, count: 400))
        }
        #expect(repeats(pictures) == [true, false])
    }

    @Test func theTolerancesAreWhatTheySay() {
        let base = Synthetic.flat(0.5, 0.5, 0.5)
        let tolerance = StillTolerance(picture: 0.01, block: 0.02)
        #expect(tolerance.holds(base, Synthetic.flat(0.509, 0.509, 0.509)))
        #expect(!tolerance.holds(base, Synthetic.flat(0.511, 0.511, 0.511)))
        // One block of 8×8 at 0.019, then at 0.021: the picture's mean is far below its limit.
        for (difference, isAlike) in [(Float(0.019), true), (0.021, false)] {
            var values = base.values
            for plane in 0..<3 {
                for y in 8..<16 { for x in 16..<24 { values[(plane * 90 + y) * 160 + x] += difference } }
            }
            #expect(
                tolerance.holds(base, RGBPlanes(width: 160, height: 90, values: values)) == isAlike)
        }
    }
}
