import Evaluation
import Testing

/// Figures of a clip over time, and the picture of them.
struct ClipComparisonTests {
    /// A grey truth, with frames that miss it by so much: interpolated and averaged.
    private func comparison(_ misses: [(interpolated: Int, average: Int)], width: Int = 48, height: Int = 32)
        -> ClipComparison
    {
        var comparison = ClipComparison()
        for (index, miss) in misses.enumerated() {
            comparison.add(
                frame: 2 * index + 1, time: 0.04 * Double(2 * index + 1),
                truth: Patterns.flat(width, height, 100),
                interpolated: Patterns.flat(width, height, 100 + miss.interpolated),
                average: Patterns.flat(width, height, 100 + miss.average))
        }
        return comparison
    }

    @Test func worstAndBestAreTheEarlierOfEquals() throws {
        let result = comparison([(3, 8), (1, 8), (9, 2), (9, 8), (1, 4)])
        #expect(result.frames.map(\.frame) == [1, 3, 5, 7, 9])
        #expect(result.frames.map(\.interpolated.ie) == [3, 1, 9, 9, 1])
        #expect(result.frames.map(\.average.ie) == [8, 8, 2, 8, 4])
        let (worst, best) = (try #require(result.worst), try #require(result.best))
        #expect(worst.figures.frame == 5 && worst.figures == result.frames[2])
        #expect(
            worst.interpolated == Patterns.flat(48, 32, 109) && worst.average == Patterns.flat(48, 32, 102))
        #expect(best.figures.frame == 3 && best.interpolated == Patterns.flat(48, 32, 101))
        #expect(result.mean?.interpolated.ie == 23.0 / 5)
        #expect(result.mean?.average.ie == 30.0 / 5)
    }

    @Test func anIdenticalFrameIsTheBest() {
        let result = comparison([(0, 1), (2, 1)])
        #expect(result.best?.figures.frame == 1 && result.worst?.figures.frame == 3)
        #expect(comparison([(0, 0)]).mean?.interpolated.psnr == .infinity)
    }

    @Test func intervalsHoldEveryFrameOnce() throws {
        let result = comparison((0..<10).map { ($0, 2 * $0) })
        let intervals = result.intervals(4)
        // 10 frames in four parts: 2, 3, 2 and 3 of them.
        #expect(intervals.map(\.interpolated.ie) == [0.5, 3, 5.5, 8])
        #expect(intervals.map(\.average.ie) == [1, 6, 11, 16])
        #expect(
            abs(intervals[1].times.lowerBound - 0.20) < 1e-12
                && abs(intervals[1].times.upperBound - 0.36) < 1e-12)
        #expect(result.intervals(24).count == 10)
        #expect(ClipComparison().intervals(24).isEmpty)
    }

    @Test func nothingMeasuredIsNoSheet() {
        #expect(ClipSheet.draw(ClipComparison(), title: "clip") == nil)
        #expect(ClipComparison().mean == nil)
    }

    /// Rows of the sheet where a run of at least `length` pixels has one colour, and where the first such run begins.
    private func runs(of colour: Canvas.Colour, atLeast length: Int, in canvas: Canvas) -> [(x: Int, y: Int)]
    {
        (0..<canvas.height).compactMap { y in
            var run = 0
            for x in 0..<canvas.width {
                run = canvas[x, y] == colour ? run + 1 : 0
                if run == length { return (x - length + 1, y) }
            }
            return nil
        }
    }

    @Test func theSheetShowsWorstAndBestWithTheirDifferences() throws {
        let result = comparison([(3, 8), (1, 12), (9, 20)])
        let sheet = try #require(ClipSheet.draw(result, title: "clip.mp4"))
        #expect(sheet.bytes.count == 3 * sheet.width * sheet.height)
        func rows(_ value: UInt8) -> Int {
            runs(of: .init(value, value, value), atLeast: 200, in: sheet).count
        }
        // 48 pixels are enlarged eight times: tiles of 384×256. Truths of both frames, and each frame's own.
        #expect(rows(100) == 2 * 256, "truth of the worst and the best frame")
        #expect(rows(109) == 256 && rows(120) == 256, "worst frame: interpolated, average")
        #expect(rows(101) == 256 && rows(112) == 256, "best frame: interpolated, average")
        #expect(rows(36) == 256 && rows(80) == 256, "worst frame's differences, four times")
        #expect(rows(4) == 256 && rows(48) == 256, "best frame's differences, four times")
        #expect(rows(103) == 0, "the frame between is not shown")
    }

    @Test func theHigherCurveIsTheBetterOne() throws {
        // 1 against 8 code values: PSNR 48 and 30 dB throughout.
        let sheet = try #require(ClipSheet.draw(comparison([(1, 8), (1, 8), (1, 8)]), title: "clip"))
        // A horizontal line is two pixels wide, in the middle of its plot; labels have no run this long.
        let blue = runs(of: .init(0, 90, 200), atLeast: 300, in: sheet).map(\.y)
        let orange = runs(of: .init(220, 110, 0), atLeast: 300, in: sheet).map(\.y)
        // Two rows in each of the plots of PSNR and SSIM.
        #expect(blue.count == 4 && orange.count == 4)
        #expect(try #require(blue.first) + 20 < (try #require(orange.first)))
    }

    @Test(arguments: [(1, 1), (1, 700), (3000, 2), (1300, 700), (641, 1001), (7, 11)])
    func anySizeIsDrawn(_ width: Int, _ height: Int) throws {
        let result = comparison([(0, 0), (2, 1)], width: width, height: height)
        let sheet = try #require(
            ClipSheet.draw(result, title: "Größe 東京 \u{1F600} " + String(repeating: "x", count: 300)))
        #expect(sheet.bytes.count == 3 * sheet.width * sheet.height)
        #expect(sheet.width <= 2100 && sheet.height <= 5000)
    }

    @Test func aLongClipIsOnePictureOfTheSameSize() throws {
        let short = try #require(
            ClipSheet.draw(comparison([(1, 2), (2, 3)], width: 4, height: 4), title: "clip"))
        let long = try #require(
            ClipSheet.draw(
                comparison((0..<5000).map { ($0 % 7, $0 % 5) }, width: 4, height: 4), title: "clip"))
        #expect(short.width == long.width && short.height == long.height)
    }
}
