/// Conversions between IEEE 754 binary16 and binary32, exact in one direction and rounded to nearest even
/// in the other.
///
/// Written with integer operations because the baseline x86-64 instruction set has no conversion, `Float16`
/// would call a runtime function for every element there, and macOS on Intel has no `Float16` at all.
enum HalfPrecision {
    /// The value of a half. Subnormals, infinities and the payloads of NaNs are kept.
    @inline(__always)
    static func widen(_ half: UInt16) -> Float {
        let magnitude = UInt32(half & 0x7fff) &<< 13
        // The exponent field now has the right place but binary16's bias: 2^(127 - 15) corrects it, and
        // normalises subnormals on the way.
        let finite = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
        let bits = magnitude >= 0x0f80_0000 ? finite | 0x7f80_0000 : finite
        return Float(bitPattern: bits | UInt32(half & 0x8000) &<< 16)
    }

    /// Widens `destination.count` halves that lie at `source`, which needs no alignment.
    ///
    /// The loop is kept free of checks, so that the compiler vectorises it.
    static func widen(_ source: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) {
        precondition(source.count == 2 * destination.count)
        guard let input = source.baseAddress, let output = destination.baseAddress else { return }
        for index in 0..<destination.count {
            output[index] = widen(input.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
        }
    }

    /// The bits of the half nearest to `value`; ties go to the even one, values from 65520 up to infinity.
    static func narrow(_ value: Float) -> UInt16 {
        let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
        let magnitude = value.bitPattern & 0x7fff_ffff
        if magnitude > 0x7f80_0000 {
            return sign | 0x7e00 | UInt16(truncatingIfNeeded: (magnitude >> 13) & 0x3ff)
        }
        if magnitude >= 0x477f_f000 { return sign | 0x7c00 }
        if magnitude < 0x3880_0000 {
            // Below the smallest normal half: adding 0.5 makes the float unit round at 2^-24.
            let rounded = Float(bitPattern: magnitude) + 0.5
            return sign | UInt16(truncatingIfNeeded: rounded.bitPattern - 0x3f00_0000)
        }
        let odd = (magnitude >> 13) & 1
        return sign | UInt16(truncatingIfNeeded: (magnitude - 0x3800_0000 + 0xfff + odd) >> 13)
    }
}
