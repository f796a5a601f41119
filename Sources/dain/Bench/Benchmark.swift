import Interpolation
import Networks
import Tensors
import Weights

/// Times the whole network on frames made for the purpose.
///
/// One run is all the work for one new frame of which nothing is known yet: depth, context and flow pyramid of two
/// frames, flow both ways, kernels, and one time. Parts that add nothing with the weights at hand run all the same.
struct Benchmark<B: Backend> {
    private let interpolator: DAINInterpolator<B>
    private let frames: (RGBImage, RGBImage)

    init(weights: WeightDictionary, resolution: Resolution, on backend: B) throws {
        interpolator = DAINInterpolator(
            network: try DAIN(weights: weights, backend: backend, rectification: .always))
        frames = (Self.testFrame(resolution, shift: 0), Self.testFrame(resolution, shift: 3))
    }

    /// Each part is waited for, so that a GPU's work counts where it was asked for.
    func run() throws -> BenchmarkRun {
        let clock = ContinuousClock()
        let start = clock.now
        let first = try interpolator.prepare(frames.0)
        interpolator.finish()
        let afterFirst = clock.now
        let second = try interpolator.prepare(frames.1)
        interpolator.finish()
        let afterSecond = clock.now
        let pair = try interpolator.prepare(first, second)
        interpolator.finish()
        let afterPair = clock.now
        _ = try interpolator.interpolate(pair, at: 0.5)
        return BenchmarkRun(
            firstFrame: afterFirst - start, secondFrame: afterSecond - afterFirst,
            pair: afterPair - afterSecond,
            newFrame: clock.now - afterPair)
    }

    /// A smooth texture, moved by `shift` pixels.
    private static func testFrame(_ resolution: Resolution, shift: Int) -> RGBImage {
        RGBImage(width: resolution.width, height: resolution.height) { values in
            var index = 0
            for channel in 0..<3 {
                for y in 0..<resolution.height {
                    for x in 0..<resolution.width {
                        let position = (x + shift) * (channel + 3) + y * 7
                        let triangle = abs(position % 256 - 128)
                        values[index] = Float(triangle) / 128
                        index += 1
                    }
                }
            }
        }
    }
}

/// The parts of one run of a ``Benchmark``.
struct BenchmarkRun {
    var firstFrame: Duration
    var secondFrame: Duration
    var pair: Duration
    var newFrame: Duration

    var total: Duration { firstFrame + secondFrame + pair + newFrame }
    /// Within a clip the first frame of a pair is known from the pair before.
    var steadyState: Duration { secondFrame + pair + newFrame }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
