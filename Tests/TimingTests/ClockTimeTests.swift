import Testing
import Timing

struct ClockTimeTests {
    @Test(arguments: [
        ("0", Rational(0)), ("90", Rational(90)), ("90.5", Rational(181, 2)), ("1:30.5", Rational(181, 2)),
        ("0:01:30.500", Rational(181, 2)), ("90:00", Rational(5400)), ("27:46:40", Rational(100_000)),
        ("0.041708333", Rational(41_708_333, 1_000_000_000)), ("00:00:00.001", Rational(1, 1000)),
    ])
    func timesAreExact(_ text: String, _ time: Rational) {
        #expect(Rational(clockTime: text) == time)
    }

    @Test(arguments: [
        "", ":", "1:", ":1", "-1", "1:60", "1:60:00", "0:0:0:1", "1.2:30", "1e3", "+1", "1.", "½",
        "1234567890",
    ])
    func allElseIsRefused(_ text: String) {
        #expect(Rational(clockTime: text) == nil)
    }

    @Test func ratiosAreExact() {
        #expect(Rational(ratio: "2.5") == Rational(5, 2) && Rational(ratio: "5/2") == Rational(5, 2))
        #expect(Rational(ratio: "23.976") == Rational(23_976, 1000))
        #expect(Rational(ratio: "0") == nil && Rational(ratio: "1/0") == nil && Rational(ratio: "-1") == nil)
    }
}
