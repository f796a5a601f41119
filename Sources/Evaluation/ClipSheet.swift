import Foundation

/// The picture of a ``ClipComparison``: PSNR and SSIM over time, and the worst and the best frame with difference maps.
public enum ClipSheet {
    private static let margin = 20
    private static let gap = 10
    /// Room for a column's label.
    private static let leastColumn = 32 * Canvas.characterWidth
    /// Widths of a frame in the sheet; larger ones are reduced, smaller ones enlarged by whole numbers.
    private static let tileWidths = leastColumn...640
    private static let greatestTileHeight = 1000
    /// Differences are hard to see as they are.
    private static let gain = 4
    private static let lineHeight = Canvas.textHeight + 10

    /// Draws the sheet; nil where nothing was measured.
    ///
    /// - Parameter title: What was measured, such as the clip's name.
    public static func draw(_ comparison: ClipComparison, title: String) -> Canvas? {
        guard let worst = comparison.worst, let best = comparison.best, let mean = comparison.mean else {
            return nil
        }
        let isOne = worst.figures.frame == best.figures.frame
        let exhibits = isOne ? [("The frame", worst)] : [("Worst frame", worst), ("Best frame", best)]
        let tile = tileSize(of: worst.truth)
        let curves = hasSSIM(comparison) ? [240, 180] : [240]
        let sectionHeight = 3 * lineHeight + 2 * tile.height + 2 * gap
        let column = max(tile.width, leastColumn)
        let width = 2 * margin + 3 * column + 2 * gap
        let plotsHeight = curves.reduce(0) { $0 + $1 + 2 * gap }
        var canvas = Canvas(
            width: width,
            height: 2 * margin + 3 * lineHeight + plotsHeight + exhibits.count * sectionHeight)

        var y = margin
        let count = comparison.frames.count
        canvas.write("\(title): \(count) \(count == 1 ? "frame" : "frames") held out", x: margin, y: y)
        y += lineHeight
        legend(mean, on: &canvas, y: y)
        y += 2 * lineHeight
        for (plot, height) in zip(plots(of: comparison), curves) {
            plot.draw(on: &canvas, x: margin, y: y, width: width - 2 * margin, height: height)
            y += height + 2 * gap
        }
        for (name, exhibit) in exhibits {
            draw(exhibit, name: name, tile: tile, column: column, on: &canvas, y: y)
            y += sectionHeight
        }
        return canvas
    }

    private static func text(_ score: Score) -> String {
        let psnr = score.psnr.isFinite ? String(format: "%.2f dB", score.psnr) : "identical"
        return score.ssim.map { psnr + String(format: " / %.4f", $0) } ?? psnr
    }

    private static func legend(
        _ mean: (interpolated: Score, average: Score), on canvas: inout Canvas, y: Int
    ) {
        var x = margin
        for (name, colour) in [
            ("interpolated, mean \(text(mean.interpolated))", Canvas.Colour.interpolated),
            ("average, mean \(text(mean.average))", .average),
        ] {
            canvas.fill(x: x, y: y, width: Canvas.textHeight, height: Canvas.textHeight, colour)
            canvas.write(name, x: x + 2 * Canvas.textHeight, y: y)
            x += Canvas.width(of: name) + 5 * Canvas.textHeight
        }
    }

    private static func hasSSIM(_ comparison: ClipComparison) -> Bool {
        comparison.frames.allSatisfy { $0.interpolated.ssim != nil }
    }

    private static func plots(of comparison: ClipComparison) -> [CurvePlot] {
        let frames = comparison.frames
        func plot(_ title: String, _ value: (Score) -> Double) -> CurvePlot {
            CurvePlot(
                title: title, times: frames.map(\.time),
                curves: [
                    .init(colour: .average, values: frames.map { value($0.average) }),
                    .init(colour: .interpolated, values: frames.map { value($0.interpolated) }),
                ])
        }
        return [plot("PSNR (dB)", \.psnr), plot("SSIM") { $0.ssim ?? 0 }]
    }

    private static func draw(
        _ exhibit: ClipComparison.Exhibit, name: String, tile: (width: Int, height: Int),
        column: Int, on canvas: inout Canvas, y top: Int
    ) {
        let figures = exhibit.figures
        var y = top
        canvas.write(
            "\(name): \(figures.frame), at \(String(format: "%.2f", figures.time)) s", x: margin, y: y)
        let columns = (0..<3).map { margin + $0 * (column + gap) }
        y += lineHeight
        canvas.write("true", x: columns[0], y: y)
        canvas.write("interpolated \(text(figures.interpolated))", x: columns[1], y: y, .interpolated)
        canvas.write("average \(text(figures.average))", x: columns[2], y: y, .average)
        y += lineHeight
        for (x, image) in zip(columns, [exhibit.truth, exhibit.interpolated, exhibit.average]) {
            canvas.draw(image.resized(toWidth: tile.width), x: x, y: y)
        }
        y += tile.height + gap
        canvas.write("differences × \(gain)", x: columns[0], y: y)
        for (x, image) in zip(columns.dropFirst(), [exhibit.interpolated, exhibit.average]) {
            let difference = image.difference(from: exhibit.truth, gain: gain)
            canvas.draw(difference.resized(toWidth: tile.width), x: x, y: y)
        }
    }

    private static func tileSize(of image: RGB8Image) -> (width: Int, height: Int) {
        var width = image.width
        if width > tileWidths.upperBound || image.height > greatestTileHeight {
            // In whole pixels, so that the average of a block is exact.
            let block = max(
                width.dividedUp(by: tileWidths.upperBound), image.height.dividedUp(by: greatestTileHeight))
            width = max(1, width / block)
        } else if width < tileWidths.lowerBound {
            width *= max(1, min(tileWidths.lowerBound / width, greatestTileHeight / image.height, 16))
        }
        let resized = image.resized(toWidth: width)
        return (resized.width, resized.height)
    }
}

extension RGB8Image {
    /// |self - other|, times `gain`, clipped.
    func difference(from other: RGB8Image, gain: Int) -> RGB8Image {
        let values = zip(values, other.values).map { UInt8(clamping: gain * abs(Int($0) - Int($1))) }
        return RGB8Image(width: width, height: height, values: values)
    }

    /// Reduced by the means of blocks, or enlarged by repeating pixels, by a whole number: the nearest to the width.
    func resized(toWidth target: Int) -> RGB8Image {
        if target >= width { return enlarged(by: max(1, target / width)) }
        let block = max(1, width / max(target, 1))
        let (columns, rows) = (width / block, max(1, height / block))
        var result = [UInt8]()
        result.reserveCapacity(3 * columns * rows)
        for channel in 0..<3 {
            let plane = Array(self.plane(channel))
            for y in 0..<rows {
                for x in 0..<columns {
                    var (sum, count) = (0, 0)
                    for row in y * block..<min((y + 1) * block, height) {
                        for column in x * block..<(x + 1) * block {
                            sum += Int(plane[row * width + column])
                            count += 1
                        }
                    }
                    result.append(UInt8((sum + count / 2) / count))
                }
            }
        }
        return RGB8Image(width: columns, height: rows, values: result)
    }

    private func enlarged(by factor: Int) -> RGB8Image {
        var result = [UInt8]()
        result.reserveCapacity(values.count * factor * factor)
        for channel in 0..<3 {
            let plane = Array(self.plane(channel))
            for y in 0..<height * factor {
                for x in 0..<width * factor { result.append(plane[y / factor * width + x / factor]) }
            }
        }
        return RGB8Image(width: width * factor, height: height * factor, values: result)
    }
}

extension Int {
    fileprivate func dividedUp(by divisor: Int) -> Int { (self + divisor - 1) / divisor }
}
