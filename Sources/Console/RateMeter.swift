/// The recent rate of something that is counted, from a window of samples: at least the last 20 seconds and
/// at least eight samples, so that it is steady when items take long and current when they are quick.
public struct RateMeter: Sendable {
    private static let window = Duration.seconds(20)
    private static let fewestSamples = 8
    /// Samples closer together than this replace each other, which bounds their number.
    private static let spacing = Duration.milliseconds(100)

    /// What follows a warm-up must last so long to stand for the rest: right behind a new frame comes one that costs nothing.
    private static let leastAfterWarmUp = Duration.seconds(1)

    private var samples: [(time: Duration, count: Int)]
    private var warmUpEnd: (time: Duration, count: Int)?

    /// A meter whose count is `count` at `time` (on any clock that only moves forward).
    public init(count: Int = 0, at time: Duration) {
        samples = [(time, count)]
    }

    public mutating func record(count: Int, at time: Duration) {
        if samples.count > 1, time - samples[samples.count - 2].time < Self.spacing {
            samples[samples.count - 1] = (time, count)
        } else {
            samples.append((time, count))
        }
        while samples.count > Self.fewestSamples, time - samples[1].time > Self.window {
            samples.removeFirst()
        }
    }

    /// Says that all until now was slower than what will come: it counts only as long as there is nothing else.
    public mutating func endWarmUp() { warmUpEnd = samples[samples.count - 1] }

    /// The time of the latest sample.
    public var lastTime: Duration { samples[samples.count - 1].time }

    /// Items a second, or nil before two samples differ in time and count.
    public var perSecond: Double? {
        let last = samples[samples.count - 1]
        var first = samples[0]
        if let warmUpEnd, warmUpEnd.time > first.time, last.count > warmUpEnd.count,
            last.time - warmUpEnd.time >= Self.leastAfterWarmUp
        {
            first = warmUpEnd
        }
        guard last.count > first.count, last.time > first.time else { return nil }
        return Double(last.count - first.count) / (last.time - first.time).inSeconds
    }
}

extension Duration {
    /// The nearest number of seconds that a `Double` holds; for display.
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
