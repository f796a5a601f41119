import Scenes

/// Pictures of a made-up world: smooth coloured patterns that differ with their seed and move.
enum Synthetic {
    /// The scene number `seed`, moved by (dx, dy) pixels, with all values multiplied by `gain` and moved by `offset`.
    static func scene(
        _ seed: Int, dx: Float = 0, dy: Float = 0, gain: Float = 1, offset: Float = 0, noise: Float = 0,
        noiseSeed: UInt64 = 1, width: Int = 160, height: Int = 90
    ) -> RGBPlanes {
        var random = Generator(state: UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 77)
        // A few waves a channel, around a level of the scene's own.
        let waves = (0..<12).map { _ in
            (fx: random.unit() * 0.2, fy: random.unit() * 0.2, phase: random.unit() * 6.28)
        }
        let levels = (0..<3).map { _ in 0.25 + 0.5 * random.unit() }
        var grain = Generator(state: noiseSeed &* 0x2545_f491_4f6c_dd1d &+ 5)
        var values: [Float] = []
        values.reserveCapacity(3 * width * height)
        for channel in 0..<3 {
            for y in 0..<height {
                for x in 0..<width {
                    var value = levels[channel]
                    for wave in waves[channel * 4..<channel * 4 + 4] {
                        value +=
                            0.06
                            * triangle(wave.fx * (Float(x) - dx) + wave.fy * (Float(y) - dy) + wave.phase)
                    }
                    value = value * gain + offset
                    if noise > 0 { value += noise * (grain.unit() * 2 - 1) }
                    values.append(min(max(value, 0), 1))
                }
            }
        }
        return RGBPlanes(width: width, height: height, values: values)
    }

    static func flat(_ red: Float, _ green: Float, _ blue: Float, width: Int = 160, height: Int = 90)
        -> RGBPlanes
    {
        RGBPlanes(
            width: width, height: height,
            values: [red, green, blue].flatMap { [Float](repeating: $0, count: width * height) })
    }

    /// A wave in [-1, 1] with period 4.
    private static func triangle(_ x: Float) -> Float {
        let phase = x - 4 * (x / 4).rounded(.down)
        return phase < 2 ? phase - 1 : 3 - phase
    }

    /// The same numbers every time.
    struct Generator {
        var state: UInt64

        mutating func unit() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24)
        }
    }
}

/// What every frame but the first is to the one before it.
func relations(
    _ pictures: [RGBPlanes], threshold: Float? = SceneClassifier.defaultThreshold,
    tolerance: StillTolerance = .compression
) -> [FrameRelation] {
    var classifier = SceneClassifier(threshold: threshold, tolerance: tolerance)
    var found = pictures.compactMap { classifier.next($0) }
    if let last = classifier.finish() { found.append(last) }
    return found
}

/// The frames, counted from zero, that begin another scene.
func cuts(_ pictures: [RGBPlanes], threshold: Float? = SceneClassifier.defaultThreshold) -> [Int] {
    relations(pictures, threshold: threshold).enumerated().compactMap { index, relation in
        if case .cut = relation { index + 1 } else { nil }
    }
}
