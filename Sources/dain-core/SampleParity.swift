import ArgumentParser
import CUDABackend
import Interpolation
import Networks
import Pixels
import ReferenceBackend
import Tensors
import Weights

/// Pixel formats whose samples a GPU converts itself, by FFmpeg's names.
enum PixelFormatName: String, CaseIterable, ExpressibleByArgument {
    case yuv420p, yuv422p, yuv444p, yuv420p10le, yuv422p10le, yuv444p10le

    /// Of BT.709 and limited range, with chroma on the left.
    func format(width: Int, height: Int) -> SampleFormat {
        let depth = rawValue.hasSuffix("10le") ? 10 : 8
        return SampleFormat(
            width: width, height: height, depth: depth, halvesColumns: !rawValue.hasPrefix("yuv444"),
            halvesRows: rawValue.hasPrefix("yuv420"), chromaLeft: 0, chromaTop: 128,
            matrix: ColourMatrix(red: 0.2126, blue: 0.0722, isFullRange: false, depth: depth))
    }
}

extension RGBImage {
    /// The picture as a decoder would have given it: samples, and the RGB that they stand for.
    func asSamples(_ name: PixelFormatName) -> RGBImage {
        let samples = ReferenceSamples.planes(
            of: values, as: name.format(width: width, height: height), within: 0...1)
        let rgb = ReferenceSamples.rgb(of: samples)
        var image = RGBImage(width: width, height: height) { _ = $0.initialize(from: rgb) }
        image.samples = samples
        return image
    }
}

/// A new frame on its way, as RGB or as samples.
enum PendingFrame {
    case image(PendingImage)
    case samples(PendingSamples)

    /// Waits for it.
    func values() throws -> [Float] {
        switch self {
        case .image(let image): try image.image().values
        case .samples(let samples): try samples.planes().bytes.map { Float($0) }
        }
    }

    func wait() throws {
        switch self {
        case .image(let image): _ = try image.image()
        case .samples(let samples): _ = try samples.planes()
        }
    }
}

extension Interpolator {
    /// As samples where a format is named and the frames came as such.
    func begin(_ pair: PreparedPair, at t: Float, inSamples format: SampleFormat?) throws -> PendingFrame {
        if let format, let samples = try begin(pair, at: t, as: format) { return .samples(samples) }
        return .image(try begin(pair, at: t))
    }
}

/// New frames by samples that the GPU converts, against those by RGB that the host converts.
struct SampleParity {
    let weights: WeightDictionary
    let backend: CUDABackend
    let name: PixelFormatName
    var size = (width: 191, height: 127)

    /// The greatest difference of code values, and the mean of all.
    func run() throws -> (worst: Int, mean: Double) {
        let interpolator = DAINInterpolator(
            network: try DAIN(weights: weights, backend: backend, rectification: .always))
        let images = [Float(0), 3].map {
            Scene.frame(shift: $0, width: size.width, height: size.height).asSamples(name)
        }
        let format = name.format(width: size.width, height: size.height)
        let bySamples = try interpolator.prepare(
            interpolator.prepare(images[0]), interpolator.prepare(images[1]))
        guard let made = try interpolator.begin(bySamples, at: 0.5, as: format)?.planes() else {
            throw ValidationError("the GPU does not convert \(name.rawValue)")
        }
        let plain = images.map { image in
            var image = image
            image.samples = nil
            return image
        }
        let byRGB = try interpolator.prepare(interpolator.prepare(plain[0]), interpolator.prepare(plain[1]))
        let expected = ReferenceSamples.planes(
            of: try interpolator.interpolate(byRGB, at: 0.5).values, as: format, within: -8...8)
        func codes(_ planes: SamplePlanes) -> [Int] {
            guard planes.format.bytesPerSample == 2 else { return planes.bytes.map(Int.init) }
            return stride(from: 0, to: planes.bytes.count, by: 2).map {
                Int(planes.bytes[$0]) + 256 * Int(planes.bytes[$0 + 1])
            }
        }
        let differences = zip(codes(made), codes(expected)).map { abs($0 - $1) }
        return (differences.max() ?? 0, Double(differences.reduce(0, +)) / Double(max(1, differences.count)))
    }
}
