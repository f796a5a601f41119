import Evaluation
import Foundation
import Timing

/// What `dain evaluate` prints of a clip. The names of its JSON are part of the program's interface.
struct ClipReport: Encodable {
    struct Means: Encodable {
        var interpolated: Score
        var average: Score
    }

    let clip: String
    let frames: [ClipComparison.Frame]
    /// Numbers of the held-out frames at a cut, which are in no figure.
    let cuts: [Int]
    let mean: Means?
    /// Numbers of the frames with the lowest and the highest PSNR.
    let worst: Int?
    let best: Int?
    let picture: String
    let device: String
    let precision: String
    private let intervals: [ClipComparison.Interval]

    private enum CodingKeys: String, CodingKey {
        case clip, device, precision, frames, cuts, mean, worst, best, picture
    }

    /// Rows of the table; a longer clip is summed up in so many stretches of time.
    private static let greatestRows = 24

    init(_ comparison: ClipComparison, clip: String, picture: String, on device: ChosenDevice) {
        (self.clip, self.picture) = (clip, picture)
        (self.device, precision) = (device.name, device.precision.rawValue)
        (frames, cuts) = (comparison.frames, comparison.cuts)
        mean = comparison.mean.map { Means(interpolated: $0.interpolated, average: $0.average) }
        worst = comparison.worst?.figures.frame
        best = comparison.best?.figures.frame
        intervals = comparison.intervals(Self.greatestRows)
    }

    var text: String {
        var table = TextTable(columns: ["time", "PSNR", "of average", "SSIM", "of average"])
        for interval in intervals {
            table.add([times(interval)] + cells(interval.interpolated, interval.average))
        }
        table.addGap()
        if let mean { table.add(["mean of \(frames.count)"] + cells(mean.interpolated, mean.average)) }
        for (name, number) in [("worst", worst), ("best", best)] {
            guard let frame = frames.first(where: { $0.frame == number }) else { continue }
            table.add(["\(name), frame \(frame.frame)"] + cells(frame.interpolated, frame.average))
        }
        let leftOut = cuts.isEmpty ? "" : " (\(counted(cuts.count, "frame")) at cuts left out)"
        return "\(clip): every other frame held out\(leftOut); PSNR in dB, of 8-bit RGB\n\n" + table.text
    }

    private func times(_ interval: ClipComparison.Interval) -> String {
        let (first, last) = (interval.times.lowerBound, interval.times.upperBound)
        let text = String(format: "%.2f", first)
        return first == last ? "\(text) s" : text + String(format: " to %.2f s", last)
    }

    private func cells(_ interpolated: Score, _ average: Score) -> [String] {
        [
            TextTable.psnr(interpolated), TextTable.psnr(average), TextTable.ssim(interpolated),
            TextTable.ssim(average),
        ]
    }
}
