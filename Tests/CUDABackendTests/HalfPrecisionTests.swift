import CUDABackend
import Testing

/// Rounding to half precision, which weights go through.
struct HalfPrecisionTests {
    @Test(
        arguments: [
            (0, 0x0000), (-0.0, 0x8000), (1, 0x3C00), (-2, 0xC000), (65504, 0x7BFF), (0.333333, 0x3555),
            // The smallest normal, the largest and smallest subnormal.
            (0x1p-14, 0x0400), (0x1.ff8p-15, 0x03FF), (0x1p-24, 0x0001),
            // Ties go to even, whatever is beyond them away.
            (1 + 0x1p-11, 0x3C00), (1 + 0x3p-11, 0x3C02), (1 + 0x1.002p-11, 0x3C01), (0x1p-25, 0x0000),
            (0x1.8p-24, 0x0002), (0x1.00002p-25, 0x0001),
            // A carry into the exponent, from normal and subnormal.
            (0x1.fffp0, 0x4000), (0x1.fffp-15, 0x0400),
        ] as [(Float, UInt16)])
    func knownPairs(_ value: Float, _ bits: UInt16) {
        #expect(HalfPrecision.bits(value) == bits)
    }

    /// A weight that is too large for half precision is cut, and does not become infinite.
    @Test func whatIsTooLargeBecomesTheLargest() {
        for value: Float in [65520, 1e9, .greatestFiniteMagnitude, .infinity] {
            #expect(HalfPrecision.bits(value) == 0x7BFF)
            #expect(HalfPrecision.bits(-value) == 0xFBFF)
        }
        #expect(HalfPrecision.bits(.nan) & 0x7FFF == 0x7E00)
    }

    /// Every finite half, and what lies around it, against the definition: the nearest, of two the even one.
    @Test func everyHalfIsTheNearestOfItsNeighbours() {
        func value(_ bits: UInt16) -> Float {
            let (exponent, mantissa) = (Int(bits >> 10 & 31), Float(bits & 1023))
            return exponent == 0
                ? mantissa * 0x1p-24
                : (1024 + mantissa) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
        }
        for bits in UInt16(0)..<0x7BFF {
            let (lower, upper) = (value(bits), value(bits + 1))
            let middle = (lower + upper) / 2
            let even = bits % 2 == 0 ? bits : bits + 1
            let isRight =
                HalfPrecision.bits(lower) == bits && HalfPrecision.bits(middle) == even
                && HalfPrecision.bits(middle.nextDown) == bits
                && HalfPrecision.bits(middle.nextUp) == bits + 1
                && HalfPrecision.bits(-middle.nextUp) == (bits + 1) | 0x8000
            if !isRight { Issue.record("around \(lower)") }
        }
    }

    #if !arch(x86_64)
        @Test func agreesWithTheProcessor() {
            for step in 0..<1_000_000 {
                let value = Float(bitPattern: UInt32(step) &* 4093)
                guard value.isFinite, value.magnitude < 65504 else { continue }
                #expect(HalfPrecision.bits(value) == Float16(value).bitPattern)
            }
        }
    #endif
}
