import ArgumentParser
import BackendChecks
import CUDABackend
import Foundation
import Interpolation
import Networks
import Tensors
import Weights

struct TimeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "time",
        abstract:
            "Times new frames in a clip: for each, one more frame is uploaded, and the new ones downloaded.")

    @OptionGroup var options: GPUOptions

    @Option(help: "Width and height, as 640x480.")
    var size = "640x480"

    @Option(help: "New frames between two are one fewer.")
    var factor = 2

    @Option(help: "Pairs of frames that are timed.")
    var pairs = 20

    @Option(help: "A weights file; without it, weights by formula.")
    var model: String?

    @Option(help: "Frames go to the GPU and come back as samples of this pixel format, such as yuv420p.")
    var samples: PixelFormatName?

    @Option(help: "GiB of the GPU's memory to keep to; large frames are then cut into tiles.")
    var maxMemory: Double?

    @Flag(help: "Also list stages and convolutions, each operation timed alone on the GPU.")
    var stages = false

    func run() throws {
        let sides = size.split(separator: "x").compactMap { Int($0) }
        guard sides.count == 2, sides.allSatisfy({ (1...16384).contains($0) }) else {
            throw ValidationError("--size is like 640x480, and no side longer than 16384")
        }
        guard factor >= 2 else { throw ValidationError("--factor must be at least 2") }
        guard pairs >= 1 else { throw ValidationError("--pairs must be at least 1") }
        guard (0.001...1e6).contains(maxMemory ?? 1) else {
            throw ValidationError("--max-memory is a number of GiB, such as 24")
        }
        let limit = maxMemory.map { Int($0 * 0x1p30) }
        let weights = try model.map { try WeightDictionary(path: $0) } ?? FormulaWeights.dain(seed: 1)
        let backend = try CUDABackend(
            index: options.gpu, precision: options.precision, memoryLimit: limit)
        let interpolator = DAINInterpolator(
            network: try DAIN(weights: weights, backend: backend, rectification: .always), memoryLimit: limit
        ) { strategy in
            if !strategy.plan.isWhole { print("\(strategy.plan.tiles.count) tiles") }
        }
        let images = (0..<4).map { index in
            let image = Scene.frame(shift: 3 * Float(index), width: sides[0], height: sides[1])
            return samples.map { image.asSamples($0) } ?? image
        }
        let sampleFormat = samples?.format(width: sides[0], height: sides[1])
        // As in a clip: while new frames are computed the next frame is uploaded.
        var before = try interpolator.prepare(images[0])
        var pending: [PendingFrame] = []
        var durations: [Double] = []
        let warmUp = 8
        var start = ContinuousClock.now
        for index in 1...pairs + warmUp {
            let next = try interpolator.prepare(images[index % images.count])
            let pair = try interpolator.prepare(before, next)
            var begun: [PendingFrame] = []
            for step in 1..<factor {
                begun.append(
                    try interpolator.begin(
                        pair, at: Float(step) / Float(factor), inSamples: sampleFormat))
                if !pending.isEmpty { try pending.removeFirst().wait() }
            }
            (before, pending) = (next, begun)
            let now = ContinuousClock.now
            if index == 1 {
                for frame in pending { try frame.wait() }
                pending = []
                print(format("first pair: %.2f s", (ContinuousClock.now - start).milliseconds / 1e3))
            }
            if index > warmUp { durations.append((now - start).milliseconds) }
            start = now
        }
        for frame in pending { try frame.wait() }
        durations.sort()
        let median = durations[durations.count / 2]
        print(
            "\(backend.deviceName), \(options.precision), \(size), factor \(factor)\(samples.map { ", \($0.rawValue)" } ?? ""): median \(format("%.2f", median)) ms a pair, "
                + "\(format("%.1f", 1e3 * Double(factor - 1) / median)) new frames a second, "
                + "\(backend.peakAllocatedBytes >> 20) MiB at most")
        if stages { try listStages(weights, images) }
    }

    /// Sums are longer than what overlaps, and hold nothing of what the host takes.
    private func listStages(_ weights: WeightDictionary, _ images: [RGBImage]) throws {
        let profile = Profile()
        let backend = try CUDABackend(index: options.gpu, precision: options.precision, profile: profile)
        let interpolator = DAINInterpolator(
            network: try DAIN(weights: weights, backend: backend, rectification: .always))
        var before = try interpolator.prepare(images[0])
        for index in 1...6 {
            if index == 3 { profile.reset() }
            let next = try interpolator.prepare(images[index % images.count])
            _ = try interpolator.interpolate(interpolator.prepare(before, next), at: 0.5)
            before = next
        }
        let runs = 4.0
        var total = (milliseconds: 0.0, least: 0.0)
        for entry in profile.entries where entry.bytes > 0 {
            let (milliseconds, least) = (
                entry.duration.milliseconds / runs, entry.leastTime.milliseconds / runs
            )
            total.milliseconds += milliseconds
            total.least += least
            print(
                entry.stage.padding(toLength: 12, withPad: " ", startingAt: 0),
                format("%.3f ms", milliseconds),
                format("%.0f TFLOP/s", Double(entry.multiplyAdds) * 2e-9 / runs / milliseconds),
                format("%.0f GB/s", Double(entry.bytes) * 1e-6 / runs / milliseconds),
                format("%.0f %% of the mark", 100 * least / milliseconds))
        }
        print(
            format("together %.3f ms,", total.milliseconds),
            format("%.0f %% of the mark", 100 * total.least / total.milliseconds))
        var layers: [String: (milliseconds: Double, flops: Double, algorithm: String)] = [:]
        for run in profile.convolutions {
            var entry = layers[run.layer] ?? (0, 0, run.algorithm)
            entry.milliseconds += run.duration.milliseconds / runs
            entry.flops += 2 * Double(run.multiplyAdds) / runs
            layers[run.layer] = entry
        }
        for (name, entry) in layers.sorted(by: { $0.value.milliseconds > $1.value.milliseconds }).prefix(40) {
            print(
                name, entry.algorithm, format("%.3f ms", entry.milliseconds),
                format("%.1f TFLOP/s", entry.flops / entry.milliseconds * 1e-9))
        }
    }
}

extension Duration {
    var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15 }
}
