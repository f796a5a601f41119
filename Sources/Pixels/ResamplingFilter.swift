/// How a row or a column of chroma gets another number of samples: for each new sample, which old ones are added with which
/// weights.
///
/// The weights are those of swscale's bicubic filter (Keys 1981, a = -0.6), as whole numbers, so that pictures that were
/// converted here and there match: its positions in 1/65536, its rounding of the weights, its reach at the edges, and its way
/// to leave out taps that hardly count.
public struct ResamplingFilter: Hashable, Sendable {
    /// What the weights along a row and along a column add up to.
    public static let rowUnit = 1 << 14
    public static let columnUnit = 1 << 12

    /// Weights of a new sample.
    public private(set) var taps: Int
    /// For each new sample the old one that the first weight is for. All weights are for old samples that there are.
    public private(set) var first: [Int32]
    /// `taps` for each new sample.
    public private(set) var weights: [Int16]

    /// - Parameters:
    ///   - from: Old samples.
    ///   - to: New samples.
    ///   - sourcePosition: The centre of the first old sample, in 1/128 of their distance from the edge; 64 would be the middle of
    ///     the first half.
    ///   - targetPosition: The same of the first new sample, in 1/128 of the distance of the new ones.
    public init(
        from: Int, to: Int, sourcePosition: Int = 128, targetPosition: Int = 128, unit: Int
    ) {
        let step = ((from << 16) + to / 2) / to
        if abs(step - 0x10000) < 10, sourcePosition == targetPosition {
            taps = 1
            first = (0..<to).map(Int32.init)
            weights = [Int16](repeating: Int16(unit), count: to)
            return
        }
        var kernels = Self.kernels(from, to, step, sourcePosition, targetPosition)
        Self.trim(&kernels)
        let used = kernels.map(\.used).max() ?? 1
        taps = used
        (first, weights) = ([], [])
        for kernel in kernels {
            var kernel = Kernel(first: kernel.first, weights: Array(kernel.weights.prefix(used)))
            kernel.moveInside(0..<from)
            first.append(Int32(kernel.first))
            weights += kernel.rounded(to: unit)
        }
    }

    /// The weights of one new sample, whose sum is near `Kernel.one`.
    private struct Kernel {
        static let one = Double(1 << 40)
        /// The share of the sum that weights at an end may have together and be left out.
        static let negligible = 0.002 / 6

        var first: Int
        var weights: [Double]

        /// Weights before those at the end that hardly count.
        var used: Int {
            var (count, left) = (weights.count, 0.0)
            while count > 1 {
                left += abs(weights[count - 1])
                if left > Self.negligible * Self.one { break }
                count -= 1
            }
            return count
        }

        /// Gives what weighs samples outside to the sample at the edge.
        mutating func moveInside(_ samples: Range<Int>) {
            var inside: [Int: Double] = [:]
            for (offset, weight) in weights.enumerated() {
                let sample = min(max(first + offset, samples.lowerBound), samples.upperBound - 1)
                inside[sample, default: 0] += weight
            }
            first = min(max(first, samples.lowerBound), max(0, samples.upperBound - weights.count))
            weights = weights.indices.map { inside[first + $0] ?? 0 }
        }

        /// As whole numbers, each of which takes over what rounding the one before it left.
        func rounded(to unit: Int) -> [Int16] {
            var sum = (weights.reduce(0, +) / Double(unit)).rounded()
            if sum == 0 { sum = 1 }
            var left = 0.0
            return weights.map { weight in
                let rounded = ((weight + left) / sum).rounded(.toNearestOrAwayFromZero)
                left += weight - rounded * sum
                return Int16(max(-32768, min(32767, rounded)))
            }
        }
    }

    private static func kernels(
        _ from: Int, _ to: Int, _ step: Int, _ sourcePosition: Int, _ targetPosition: Int
    ) -> [Kernel] {
        let reach = step <= 1 << 16 ? 5 : 1 + (4 * from + to - 1) / to
        let count = max(1, min(reach, from - 2))
        // In 1/131072 of an old sample.
        var centre = (targetPosition * step) >> 7 - (sourcePosition << 16) >> 7
        return (0..<to).map { _ in
            let first = (centre - (count - 2) << 16) / (1 << 17)
            let weights = (0..<count).map { tap in
                var distance = abs((first + tap) << 17 - centre) << 13
                if step > 1 << 16 { distance = distance * to / from }
                return (Kernel.one * bicubic(Double(distance) / Double(1 << 30))).rounded(.towardZero)
            }
            centre += 2 * step
            return Kernel(first: first, weights: weights)
        }
    }

    private static func bicubic(_ x: Double) -> Double {
        let a = -0.6
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
    }

    /// Leaves out weights at the beginning that hardly count, as long as the kernels stay in order.
    private static func trim(_ kernels: inout [Kernel]) {
        for index in kernels.indices.reversed() {
            var left = 0.0
            for _ in kernels[index].weights {
                left += abs(kernels[index].weights[0])
                if left > Kernel.negligible * Kernel.one { break }
                if index + 1 < kernels.count, kernels[index].first >= kernels[index + 1].first { break }
                kernels[index].weights.removeFirst()
                kernels[index].weights.append(0)
                kernels[index].first += 1
            }
        }
    }
}
