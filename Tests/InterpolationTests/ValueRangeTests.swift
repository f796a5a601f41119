import Interpolation
import Testing

/// Values are looked at sixteen at a time: what counts is that none is missed, wherever it lies.
struct ValueRangeTests {
    private static let counts = [0, 1, 15, 16, 17, 31, 33, 100]

    @Test(arguments: counts) func findsTheFarthestWhereverTheyAre(_ count: Int) {
        #expect([Float](repeating: 0.5, count: count).range(including: 0...1) == 0...1)
        for index in 0..<count {
            var values = [Float](repeating: 0.5, count: count)
            values[index] = 1.25
            #expect(values.range(including: 0...1) == 0...1.25)
            values[index] = -0.5
            #expect(values.range(including: 0...1) == -0.5...1)
            for unusable in [Float.infinity, -.infinity, .nan] {
                values[index] = unusable
                #expect(values.range(including: 0...1) == 0...1)
            }
        }
    }

    @Test(arguments: counts) func clampsEveryValue(_ count: Int) {
        for index in 0..<count {
            for (value, expected) in [
                (Float(2), Float(1.5)), (-3, -0.25), (.nan, 0), (.infinity, 1.5), (-.infinity, -0.25),
                (0.75, 0.75),
            ] {
                var values = [Float](repeating: 0.5, count: count)
                values[index] = value
                values.clamp(to: -0.25...1.5)
                var all = [Float](repeating: 0.5, count: count)
                all[index] = expected
                #expect(values == all)
            }
        }
    }
}
