extension [Float] {
    private typealias Lanes = SIMD16<Float>

    /// The least range that holds all finite values and `least`.
    package func range(including least: ClosedRange<Float>) -> ClosedRange<Float> {
        withUnsafeBufferPointer { values in
            var (lower, upper) = (Lanes(repeating: least.lowerBound), Lanes(repeating: least.upperBound))
            let whole = values.count / Lanes.scalarCount * Lanes.scalarCount
            let raw = UnsafeRawBufferPointer(values)
            for index in stride(from: 0, to: whole, by: Lanes.scalarCount) {
                let lanes = raw.loadUnaligned(fromByteOffset: 4 * index, as: Lanes.self)
                // Neither infinities nor what is no number lie between.
                let isFinite =
                    (lanes .<= Float.greatestFiniteMagnitude) .& (lanes .>= -Float.greatestFiniteMagnitude)
                lower.replace(with: lanes, where: isFinite .& (lanes .< lower))
                upper.replace(with: lanes, where: isFinite .& (lanes .> upper))
            }
            var (low, high) = (lower.min(), upper.max())
            for value in values[whole...] where value.isFinite {
                (low, high) = (Swift.min(low, value), Swift.max(high, value))
            }
            return low...high
        }
    }

    /// Brings all values into a range that holds 0. A value that is not a number counts as black: encoders have no such colour.
    package mutating func clamp(to range: ClosedRange<Float>) {
        withUnsafeMutableBufferPointer { values in
            let whole = values.count / Lanes.scalarCount * Lanes.scalarCount
            let raw = UnsafeMutableRawBufferPointer(values)
            let (lower, upper) = (Lanes(repeating: range.lowerBound), Lanes(repeating: range.upperBound))
            for index in stride(from: 0, to: whole, by: Lanes.scalarCount) {
                var lanes = raw.loadUnaligned(fromByteOffset: 4 * index, as: Lanes.self)
                lanes.replace(with: 0, where: lanes .!= lanes)
                lanes.replace(with: lower, where: lanes .< lower)
                lanes.replace(with: upper, where: lanes .> upper)
                raw.storeBytes(of: lanes, toByteOffset: 4 * index, as: Lanes.self)
            }
            for index in whole..<values.count {
                let value = values[index]
                values[index] =
                    value.isNaN ? 0 : Swift.min(Swift.max(value, range.lowerBound), range.upperBound)
            }
        }
    }
}
