import ArgumentParser
import BackendChecks
import CPUBackend
import CUDABackend
import Foundation
import Interpolation
import Networks
import Tensors
import Weights

struct ParityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parity",
        abstract:
            "Compares the whole network on the GPU with the CPU, on two PPM images or on a generated pair.")

    @OptionGroup var options: GPUOptions

    @Option(help: "A weights file; without it, weights by formula.")
    var model: String?

    @Argument(help: "Two frames, and with a third the true frame between them.")
    var images: [String] = []

    func run() throws {
        let weights = try model.map { try WeightDictionary(path: $0) } ?? FormulaWeights.dain(seed: 1)
        let frames =
            try images.isEmpty
            ? [Scene.frame(shift: 0), Scene.frame(shift: 3)] : images.map(PortablePixmap.read)
        guard frames.count == 2 || frames.count == 3 else {
            throw ValidationError("two or three images are needed")
        }
        guard frames.allSatisfy({ ($0.width, $0.height) == (frames[0].width, frames[0].height) }) else {
            throw ValidationError("the images differ in size")
        }
        let gpu = try CUDABackend(index: options.gpu, precision: options.precision)
        let repeated = try RepetitionCheck(weights: weights, backend: gpu).run()
        print("repeated: \(repeated.different) of \(repeated.frames) new frames differ from the first time")
        for name in [PixelFormatName.yuv420p, .yuv422p10le] {
            let repeated = try RepetitionCheck(weights: weights, backend: gpu, samples: name).run()
            let parity = try SampleParity(weights: weights, backend: gpu, name: name).run()
            print(
                "\(name.rawValue): \(repeated.different) of \(repeated.frames) new frames differ from the first time; "
                    + "codes are off by \(parity.worst) at most from those by RGB, \(format("%.5f", parity.mean)) in the mean"
            )
        }
        let computed = try steps(frames, DAIN(weights: weights, backend: gpu, rectification: .always))
        let again = try steps(frames, DAIN(weights: weights, backend: gpu, rectification: .always))
        let expected = try steps(
            frames, DAIN(weights: weights, backend: CPUBackend(), rectification: .always))
        print(
            "\(gpu.deviceName), \(options.precision), \(frames[0].width)x\(frames[0].height), against the CPU:"
        )
        for (name, values) in expected {
            guard let other = computed.first(where: { $0.0 == name })?.1 else { continue }
            let isSame = again.first { $0.0 == name }?.1 == other
            let agreement = Agreement(name, expected: values, computed: other)
            print("\(agreement)" + (isSame ? "" : ", NOT THE SAME IN A SECOND RUN"))
        }
        if frames.count == 3 {
            for (name, list) in [("cpu", expected), (options.precision.rawValue, computed)] {
                guard let output = list.first(where: { $0.0 == "output" })?.1 else { continue }
                print("\(name) against the true frame: \(format("%.4f", psnr(output, frames[2]))) dB")
            }
        }
    }

    /// What the network computes on the way, in float32.
    private func steps<B: Backend>(_ frames: [RGBImage], _ network: DAIN<B>) throws -> [(String, [Float])] {
        let backend = network.backend
        let padding = Padding(width: frames[0].width, height: frames[0].height, scheme: .nextMultiple)
        let shape = Shape(channels: 3, height: frames[0].height, width: frames[0].width)
        func upload(_ image: RGBImage) throws -> B.Tensor { try backend.image(image.values, shape, padding) }
        func download(_ tensor: B.Tensor) throws -> [Float] { try backend.values(of: tensor) }
        let first = try network.frame(upload(frames[0]))
        let pair = try network.pair(first, network.frame(upload(frames[1])))
        let result = try network.interpolate(pair, at: 0.5)
        var list: [(String, [Float])] = []
        if let depth = first.logDepth { list.append(("log depth", try download(depth))) }
        if let context = first.context { list.append(("context", try download(context))) }
        list += [
            ("flow", try download(pair.flow01)), ("taps", try download(pair.kernel0)),
            ("projected", try download(result.flow0)),
        ]
        for (name, tensor) in [("blend", result.blend), ("output", result.output)] {
            list.append((name, try backend.values(of: tensor, shape, without: padding)))
        }
        return list
    }

    /// On 8-bit values, as benchmarks count.
    private func psnr(_ output: [Float], _ truth: RGBImage) -> Double {
        var squares = 0.0
        for (value, other) in zip(output, truth.values) {
            let difference = Double(PortablePixmap.byte(value)) - Double(PortablePixmap.byte(other))
            squares += difference * difference
        }
        return 10 * log10(255 * 255 / max(squares / Double(output.count), 1e-10))
    }
}

/// A generated frame: smooth waves, moved.
enum Scene {
    static func frame(shift: Float, width: Int = 192, height: Int = 128) -> RGBImage {
        RGBImage(width: width, height: height) { values in
            for channel in 0..<3 {
                for y in 0..<height {
                    for x in 0..<width {
                        let (u, v) = (Float(x) - shift, Float(y) - 0.4 * shift)
                        let wave =
                            sin(u * 0.13 + Float(channel)) * cos(v * 0.17) + 0.5 * sin((u + 2 * v) * 0.41)
                        values[(channel * height + y) * width + x] = 0.5 + 0.3 * wave
                    }
                }
            }
        }
    }
}

func format(_ pattern: String, _ value: any CVarArg) -> String { String(format: pattern, value) }
