import ArgumentParser
import CUDABackend
import Interpolation
import Networks
import Weights

struct PairCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pair", abstract: "Makes the frame between two PPM images.")

    @OptionGroup var options: GPUOptions

    @Option(help: "A weights file.")
    var model: String

    @Option(help: "When, between 0 and 1.")
    var time: Float = 0.5

    @Argument var first: String
    @Argument var second: String
    @Argument var output: String

    func run() throws {
        guard time > 0, time < 1 else { throw ValidationError("--time must lie between 0 and 1") }
        let frames = [try PortablePixmap.read(first), try PortablePixmap.read(second)]
        guard frames[0].width == frames[1].width, frames[0].height == frames[1].height else {
            throw ValidationError("the images differ in size")
        }
        let backend = try CUDABackend(index: options.gpu, precision: options.precision)
        let interpolator = DAINInterpolator(
            network: try DAIN(weights: try WeightDictionary(path: model), backend: backend))
        let pair = try interpolator.prepare(interpolator.prepare(frames[0]), interpolator.prepare(frames[1]))
        try PortablePixmap.write(interpolator.interpolate(pair, at: time), to: output)
    }
}
