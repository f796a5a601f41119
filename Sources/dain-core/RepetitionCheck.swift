import CUDABackend
import Interpolation
import Networks
import Pixels
import Weights

/// Whether what is repeated from recordings equals what was queued as it is: a clip of three frames shown again and again,
/// whose new frames must be the same each time.
struct RepetitionCheck {
    let weights: WeightDictionary
    let backend: CUDABackend
    var size = (width: 192, height: 128)
    var rounds = 4
    var times: [Float] = [0.5, 0.25, 0.9]
    /// Frames go to the GPU and come back as samples.
    var samples: PixelFormatName?

    /// How many new frames were made, and how many differ from the first time.
    func run() throws -> (frames: Int, different: Int) {
        let interpolator = DAINInterpolator(
            network: try DAIN(weights: weights, backend: backend, rectification: .always))
        let images = (0..<3).map { index in
            let image = Scene.frame(shift: 3 * Float(index), width: size.width, height: size.height)
            return samples.map { image.asSamples($0) } ?? image
        }
        let format = samples?.format(width: size.width, height: size.height)
        var known: [String: [Float]] = [:]
        var pending: [(key: String, frame: PendingFrame)] = []
        var (frames, different) = (0, 0)
        func take(_ entry: (key: String, frame: PendingFrame)) throws {
            let values = try entry.frame.values()
            frames += 1
            if let first = known[entry.key] {
                different += first == values ? 0 : 1
            } else {
                known[entry.key] = values
            }
        }
        var before = try interpolator.prepare(images[0])
        for index in 1...rounds * images.count {
            let next = try interpolator.prepare(images[index % images.count])
            let pair = try interpolator.prepare(before, next)
            var begun: [(key: String, frame: PendingFrame)] = []
            for t in times {
                begun.append(
                    (
                        "\(index % images.count) \(t)",
                        try interpolator.begin(pair, at: t, inSamples: format)
                    ))
            }
            // As the pipeline does: the frames before are taken while these are computed.
            for entry in pending { try take(entry) }
            (before, pending) = (next, begun)
        }
        for entry in pending { try take(entry) }
        return (frames, different)
    }
}
