import Foundation

/// Curves over time with their scales.
struct CurvePlot {
    struct Curve {
        var colour: Canvas.Colour
        /// Infinite values lie at the top.
        var values: [Double]
    }

    var title: String
    /// In seconds, ascending; as many as each curve has values.
    var times: [Double]
    var curves: [Curve]

    private static let leftMargin = 110
    private static let bottomMargin = 30

    /// Draws in a box of the canvas.
    func draw(on canvas: inout Canvas, x: Int, y: Int, width: Int, height: Int) {
        let finite = curves.flatMap(\.values).filter(\.isFinite)
        guard let first = times.first, let last = times.last else { return }
        let vertical = Scale(covering: finite, ticks: height / 45)
        let horizontal = Scale(covering: [first, last], ticks: width / 160, isTight: true)
        canvas.write(title, x: x, y: y)
        let (left, top) = (x + Self.leftMargin, y + 2 * Canvas.textHeight)
        let (right, bottom) = (x + width - 4, y + height - Self.bottomMargin)
        func place(_ time: Double, _ value: Double) -> (x: Int, y: Int) {
            (
                left + Int(horizontal.fraction(time) * Double(right - left)),
                bottom - Int(vertical.fraction(value) * Double(bottom - top))
            )
        }
        for tick in vertical.ticks {
            let row = place(first, tick).y
            canvas.fill(x: left, y: row, width: right - left, height: 1, .faint)
            let label = vertical.label(tick)
            canvas.write(label, x: left - 10 - Canvas.width(of: label), y: row - Canvas.textHeight / 2)
        }
        for tick in horizontal.ticks {
            let column = place(tick, vertical.range.lowerBound).x
            canvas.fill(x: column, y: bottom, width: 2, height: 6, .ink)
            let label = "\(horizontal.label(tick)) s"
            canvas.write(label, x: column - Canvas.width(of: label) / 2, y: bottom + 10)
        }
        canvas.fill(x: left, y: bottom, width: right - left, height: 2, .ink)
        for curve in curves {
            let points = zip(times, curve.values).map { place($0, $1) }
            for (start, end) in zip(points, points.dropFirst()) {
                canvas.line(from: start, to: end, curve.colour)
            }
            if points.count == 1 {
                canvas.fill(x: points[0].x - 2, y: points[0].y - 2, width: 6, height: 6, curve.colour)
            }
        }
    }

    /// A range of values with round ticks.
    struct Scale {
        let range: ClosedRange<Double>
        let ticks: [Double]
        private let decimals: Int

        /// - Parameter isTight: Whether the range ends where the values do, not at the next ticks.
        init(covering values: [Double], ticks count: Int, isTight: Bool = false) {
            var (low, high) = (values.min() ?? 0, values.max() ?? 1)
            // All alike: some room around them, in proportion.
            if high - low < 1e-12 * max(abs(high), 1) {
                let room = max(abs(high) * 0.01, 0.01)
                (low, high) = (low - room, high + room)
            }
            let step = Self.roundStep((high - low) / Double(max(count, 1)))
            let outer = ((low / step).rounded(.down) * step)...((high / step).rounded(.up) * step)
            range = isTight ? low...high : outer
            let number = Int(((outer.upperBound - outer.lowerBound) / step).rounded())
            let slack = 1e-6 * step
            ticks = (0...number).map { outer.lowerBound + Double($0) * step }
                .filter { [range] in $0 >= range.lowerBound - slack && $0 <= range.upperBound + slack }
            decimals = min(max(0, Int((-log10(step)).rounded(.up))), 6)
        }

        /// 1, 2 or 5 times a power of ten, not below `least`.
        static func roundStep(_ least: Double) -> Double {
            let power = pow(10, log10(least).rounded(.down))
            return [1, 2, 5].map { $0 * power }.first { $0 >= least * 0.999_999 } ?? 10 * power
        }

        /// Where a value lies, from 0 to 1; those beyond the range lie at its ends.
        func fraction(_ value: Double) -> Double {
            min(max((value - range.lowerBound) / (range.upperBound - range.lowerBound), 0), 1)
        }

        func label(_ value: Double) -> String { String(format: "%.\(decimals)f", value) }
    }
}
