import Testing
import Timing

@Suite struct RationalTests {
    @Test func reducesToLowestTerms() {
        #expect(Rational(48_048, 2_002) == Rational(24))
        #expect(Rational(3, -6) == Rational(-1, 2))
        #expect(Rational(0, -7) == .zero)
        #expect(Rational(30_000, 1001).description == "30000/1001")
    }

    @Test func arithmeticIsExact() {
        let frame = Rational(1001, 24_000)
        var sum = Rational.zero
        for _ in 0..<86_313 { sum = sum + frame }
        // An hour at 24000/1001 frames a second, frame by frame and in one product.
        #expect(sum == frame * Rational(86_313))
        #expect(Rational(1, 3) - Rational(1, 2) == Rational(-1, 6))
        #expect(Rational(2, 3) / Rational(4, 9) == Rational(3, 2))
    }

    @Test(arguments: [
        (Rational(7, 2), 3, 4), (Rational(-7, 2), -4, -4), (Rational(5, 3), 1, 2), (Rational(-1, 3), -1, 0),
    ])
    func rounding(_ value: Rational, _ floor: Int, _ rounded: Int) {
        #expect(value.floor == Int64(floor))
        #expect(value.rounded == Int64(rounded))
    }

    @Test func whatDoesNotFitIsRoundedAndNeverTraps() {
        let large = Rational(Int64.max, 3)
        let small = Rational(1, Int64.max)
        #expect(abs((large * large).doubleValue / Double(Int64.max) - 1) < 1e-9)
        #expect((small * small).numerator == 0)
        #expect(abs((large + small).doubleValue / large.doubleValue - 1) < 1e-9)
        #expect((Rational(Int64.min) - Rational(Int64.max)).numerator == -Int64.max)
        #expect(Rational(Int64.min, -1).numerator == Int64.max)
        #expect(Rational(Int64.min).floor <= -Int64.max)
        #expect(Rational(Int64.max, 2).rounded > 0)
        let thirds = Rational(Int64.max - 1, 3) / Rational(Int64.max - 2, 7)
        #expect(abs(thirds.doubleValue - 7.0 / 3) < 1e-9)
    }

    @Test func comparesWithoutOverflow() {
        #expect(Rational(Int64.max, 3) < Rational(Int64.max, 2))
        #expect(Rational(-1, Int64.max) < .zero)
    }

    @Test(arguments: [
        ("60", Rational(60)), ("12.5", Rational(25, 2)), ("60000/1001", Rational(60_000, 1001)),
        ("59.94", Rational(60_000, 1001)), ("23.976", Rational(24_000, 1001)),
        ("23.98", Rational(24_000, 1001)),
        ("29.97", Rational(30_000, 1001)), ("119.88", Rational(120_000, 1001)), ("24.0", Rational(24)),
        ("15.98", Rational(1598, 100)), ("1/10", Rational(1, 10)),
    ]) func frameRates(_ text: String, _ rate: Rational) {
        #expect(Rational(frameRate: text) == rate)
    }

    @Test(arguments: [
        "", "0", "-5", "0/1", "1/0", "abc", "1e3", "6 0", "60/", ".5", "5.", "1/2/3", "9999999999", "½",
    ])
    func notFrameRates(_ text: String) {
        #expect(Rational(frameRate: text) == nil)
    }
}
