import Console
import Interpolation

/// A quick measurement of the network on this machine, on small frames: times of large ones grow with their area.
///
/// An estimate: large frames keep the machine's caches less busy or more, and other programs come and go.
struct SpeedProbe {
    /// Of the frames that are measured.
    let width: Int
    let height: Int
    /// Pixels that the network computed for them: it pads small frames.
    private let area: Double
    /// Seconds for what is made once for each pair of frames: one frame's features and the pair's.
    private let perPair: Double
    /// Seconds for each new frame.
    private let perNewFrame: Double

    /// Measures frames as large as the video's, but not above 256×192; on a GPU, which small frames do not fill, 640×480.
    init(_ interpolator: some TilingInterpolator, on device: ChosenDevice, width: Int, height: Int) throws {
        let greatest = if case .cpu = device { (256, 192) } else { (640, 480) }
        (self.width, self.height) = (min(width, greatest.0), min(height, greatest.1))
        area = Double(
            try interpolator.strategy(width: self.width, height: self.height).plan.computedPixels)
        let frames = (0..<3).map { [width = self.width, height = self.height] shift in
            Self.frame(width, height, shift: 4 * shift)
        }
        let first = try interpolator.prepare(frames[0])
        let second = try interpolator.prepare(frames[1])
        // Filters are transformed and memory is asked for in the first run.
        _ = try interpolator.interpolate(interpolator.prepare(first, second), at: 0.5)
        // The better of two: whatever else runs only ever takes time.
        var best = (pair: Double.infinity, newFrame: Double.infinity)
        for _ in 0..<2 {
            let start = monotonicTime()
            let pair = try interpolator.prepare(second, interpolator.prepare(frames[2]))
            interpolator.finish()
            let middle = monotonicTime()
            _ = try interpolator.interpolate(pair, at: 0.5)
            best.pair = min(best.pair, (middle - start).inSeconds)
            best.newFrame = min(best.newFrame, (monotonicTime() - middle).inSeconds)
        }
        (perPair, perNewFrame) = best
    }

    /// Seconds for so many new frames between so many pairs, computed as `strategy` says.
    func seconds(newFrames: Int, pairs: Int, _ strategy: TilingStrategy) -> Double {
        let scale = Double(strategy.plan.computedPixels) / area
        // In tiles what is known of a pair is made again for each new frame.
        let pairRuns = strategy.plan.isWhole ? pairs : newFrames
        return scale * (perPair * Double(pairRuns) + perNewFrame * Double(newFrames))
    }

    /// A texture that moves to the right.
    private static func frame(_ width: Int, _ height: Int, shift: Int) -> RGBImage {
        RGBImage(width: width, height: height) { values in
            for index in 0..<values.count {
                let (x, y) = (index % width, index / width)
                values[index] = Float(abs((x - shift) * 5 + y * 7) % 256) / 255
            }
        }
    }
}
