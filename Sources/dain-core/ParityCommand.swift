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
            "Compares the whole network on the GPU with the CPU, on PPM images or on a generated pair.",
        discussion: """
            It fails where a frame is not the same in a second run, where frames made from samples differ from those made \
            from RGB by more than one code value, and with a weights file where the output is not within 45 dB of the \
            CPU's or loses more than 0.05 dB against the true frame.
            """)

    @OptionGroup var options: GPUOptions

    @Option(help: "A weights file; without it, weights by formula.")
    var model: String?

    @Argument(help: "Two frames, or any number of threes: two frames and the true frame between them.")
    var images: [String] = []

    func run() throws {
        let weights = try model.map { try WeightDictionary(path: $0) } ?? FormulaWeights.dain(seed: 1)
        guard images.count == 2 || images.count % 3 == 0 else {
            throw ValidationError("two images are needed, or threes")
        }
        let frames =
            try images.isEmpty
            ? [Scene.frame(shift: 0), Scene.frame(shift: 3)] : images.map(PortablePixmap.read)
        let gpu = try CUDABackend(index: options.gpu, precision: options.precision)
        var isGood = try repeats(weights, gpu)
        for start in stride(from: 0, to: frames.count, by: 3) {
            let three = Array(frames[start..<min(start + 3, frames.count)])
            guard three.allSatisfy({ ($0.width, $0.height) == (three[0].width, three[0].height) }) else {
                throw ValidationError("the images differ in size")
            }
            if images.count > start { print(images[start]) }
            if try !agree(three, weights, gpu) { isGood = false }
        }
        if !isGood { throw ExitCode.failure }
    }

    /// Whether new frames are the same again, and made from samples those made from RGB.
    private func repeats(_ weights: WeightDictionary, _ gpu: CUDABackend) throws -> Bool {
        let repeated = try RepetitionCheck(weights: weights, backend: gpu).run()
        print("repeated: \(repeated.different) of \(repeated.frames) new frames differ from the first time")
        var isGood = repeated.different == 0
        for name in [PixelFormatName.yuv420p, .yuv422p10le] {
            let repeated = try RepetitionCheck(weights: weights, backend: gpu, samples: name).run()
            let parity = try SampleParity(weights: weights, backend: gpu, name: name).run()
            print(
                "\(name.rawValue): \(repeated.different) of \(repeated.frames) new frames differ from the first time; "
                    + "codes are off by \(parity.worst) at most from those by RGB, \(format("%.5f", parity.mean)) in the mean"
            )
            if repeated.different > 0 || parity.worst > 1 { isGood = false }
        }
        return isGood
    }

    /// Whether the GPU's frame between two is the CPU's, and as near to the true one where there is a third.
    private func agree(_ frames: [RGBImage], _ weights: WeightDictionary, _ gpu: CUDABackend) throws -> Bool {
        let computed = try steps(frames, DAIN(weights: weights, backend: gpu, rectification: .always))
        let again = try steps(frames, DAIN(weights: weights, backend: gpu, rectification: .always))
        let expected = try steps(
            frames, DAIN(weights: weights, backend: CPUBackend(), rectification: .always))
        print(
            "\(gpu.deviceName), \(options.precision), \(frames[0].width)x\(frames[0].height), against the CPU:"
        )
        var isGood = true
        for (name, values) in expected {
            guard let other = computed.first(where: { $0.0 == name })?.1 else { continue }
            let isSame = again.first { $0.0 == name }?.1 == other
            let agreement = Agreement(name, expected: values, computed: other)
            print("\(agreement)" + (isSame ? "" : ", NOT THE SAME IN A SECOND RUN"))
            // Weights by formula are too rough for a bound.
            let isNear = model == nil || name != "output" || agreement.psnr >= Self.leastAgreement
            if !isSame || !isNear { isGood = false }
        }
        guard frames.count == 3 else { return isGood }
        let quality = [expected, computed].compactMap { list in
            list.first { $0.0 == "output" }.map { psnr($0.1, frames[2]) }
        }
        print(
            "against the true frame: cpu \(format("%.4f", quality[0])) dB, \(options.precision) \(format("%.4f", quality[1])) dB"
        )
        return isGood && (model == nil || quality[0] - quality[1] <= Self.mostLoss)
    }

    /// In decibels.
    private static let leastAgreement = 45.0
    private static let mostLoss = 0.05

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
