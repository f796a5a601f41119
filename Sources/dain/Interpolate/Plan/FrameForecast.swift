import Interpolation
import Timing

/// How many frames a run will make, if the input's frames follow one another evenly and there are no cuts and repeats.
struct FrameForecast: Equatable {
    /// Frames of the input up to the last one that is used.
    var input = 0
    var output = 0
    /// Made by the network, at most.
    var new = 0
    /// Pairs of the input's frames that new frames lie between.
    var pairs = 0

    /// Beyond so many frames a part stands for the whole.
    private static let greatestCount = 200_000

    /// - Parameters:
    ///   - count: Frames of the input.
    ///   - frameDuration: How long each of them is shown, in seconds of the pipeline's clock.
    ///   - start: When the first one is shown, on that clock.
    init(count: Int, frameDuration: Rational, start: Rational, _ plan: TimePlan) {
        let visited = min(count, Self.greatestCount)
        var timeline = Timeline(plan.rate, tick: plan.tick)
        func source(_ index: Int) -> Timeline.SourceFrame {
            Timeline.SourceFrame(
                time: start + frameDuration * Rational(Int64(index)), duration: frameDuration)
        }
        visit: for index in 0..<visited {
            let frames = timeline.frames(
                from: source(index), to: index + 1 < count ? source(index + 1) : nil)
            if let wanted = plan.window.sourceFrames, !wanted.contains(index) {
                if index >= wanted.upperBound { break }
                continue
            }
            var isPairUsed = false
            for frame in frames {
                if let first = plan.window.start, frame.time < first { continue }
                if let end = plan.window.end, frame.time >= end { break visit }
                if let limit = plan.window.limit, output >= limit { break visit }
                output += 1
                input = index + 1
                if case .between = frame.content {
                    new += 1
                    input = min(index + 2, count)
                    if !isPairUsed { pairs += 1 }
                    isPairUsed = true
                }
            }
        }
        if plan.window == .everything { input = count }
        guard visited < count, plan.window == .everything else { return }
        func scaled(_ part: Int) -> Int { Int(Double(part) / Double(visited) * Double(count)) }
        (output, new, pairs) = (scaled(output), scaled(new), scaled(pairs))
    }
}
