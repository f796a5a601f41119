import Foundation
import Tensors

/// What `dain bench` prints. The names of its JSON are part of the program's interface.
struct BenchmarkReport: Encodable {
    struct Stage: Encodable {
        var name: String
        /// Mean of the runs.
        var seconds: Double
        /// Multiply-adds of its convolutions in one run, in thousands of millions.
        var gmac: Double
        var gflopsPerSecond: Double
        var share: Double
    }

    var version = dainVersion
    var model: String
    /// As `--device` is written: `cpu` or `cuda:0`.
    var device: String
    /// The GPU's own name; left out for the CPU.
    var deviceModel: String?
    /// The CPU's; left out for a GPU.
    var threads: Int?
    /// `fp32`, `tf32` or `fp16`.
    var precision: String
    var resolution: String
    /// Each run: one new frame from two frames of which nothing is known.
    var seconds: [Double]
    var medianSeconds: Double
    /// One new frame within a clip, where the first frame of the pair is known already; the median.
    var steadyStateSeconds: Double
    var newFramesPerSecond: Double
    var stages: [Stage]
    /// Where asked for: the convolutions, those that take longest first.
    var layers: [LayerReport]?
    var peakMemoryBytes: Int
    /// The most of a GPU's memory that tensors had; left out for the CPU.
    var peakDeviceMemoryBytes: Int?

    /// - Parameters:
    ///   - runs: Those whose times count.
    ///   - profiled: Those that the profile holds, which are the same where measuring stages costs no time.
    init(
        _ runs: [BenchmarkRun], profiled: [BenchmarkRun], _ profile: Profile, on device: ChosenDevice,
        model: String,
        resolution: Resolution, withLayers: Bool
    ) {
        self.model = model
        (self.device, deviceModel, precision) = (device.name, device.model, device.precision.rawValue)
        switch device {
        case .cpu(let backend): threads = backend.threads
        case .cuda(let backend): peakDeviceMemoryBytes = backend.peakAllocatedBytes
        }
        self.resolution = resolution.description
        seconds = runs.map(\.total.seconds)
        medianSeconds = Self.median(seconds)
        steadyStateSeconds = Self.median(runs.map(\.steadyState.seconds))
        newFramesPerSecond = 1 / steadyStateSeconds
        let count = Double(profiled.count)
        // Where operations are measured on the device, the runs themselves take longer than they would.
        let total =
            if case .cuda = device { profile.entries.reduce(0) { $0 + $1.duration.seconds } } else {
                profiled.reduce(0) { $0 + $1.total.seconds }
            }
        stages = profile.entries.map { entry in
            let seconds = entry.duration.seconds
            return Stage(
                name: entry.stage, seconds: seconds / count, gmac: Double(entry.multiplyAdds) / count * 1e-9,
                gflopsPerSecond: seconds > 0 ? 2e-9 * Double(entry.multiplyAdds) / seconds : 0,
                share: seconds / total)
        }
        layers =
            withLayers
            ? LayerReport.all(profile.convolutions, runs: profiled.count, totalSeconds: total) : nil
        peakMemoryBytes = PeakMemory.bytes
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    var text: String {
        var lines = [
            "dain \(version), \(deviceText), \(precision), model \(model), \(resolution)", "",
            row("stage", "time", "share", "GMAC", "GFLOP/s"),
        ]
        for stage in stages {
            lines.append(
                row(
                    stage.name, format("%.1f ms", 1e3 * stage.seconds), format("%.1f %%", 100 * stage.share),
                    format("%.1f", stage.gmac), format("%.1f", stage.gflopsPerSecond)))
        }
        if let layers { lines += ["", LayerReport.heading] + layers.map(\.text) }
        lines += [
            "",
            "one new frame, nothing known before   "
                + format("%.3f s", medianSeconds) + " (median of \(seconds.count); "
                + format("%.3f", seconds.min() ?? 0) + " to " + format("%.3f)", seconds.max() ?? 0),
            "one new frame within a clip           "
                + format("%.3f s", steadyStateSeconds) + ", " + format("%.3g", newFramesPerSecond)
                + " new frames per second",
            "peak memory                           "
                + format("%.0f MiB", Double(peakMemoryBytes) / 1_048_576)
                + (peakDeviceMemoryBytes.map { format(", and %.0f MiB of the GPU's", Double($0) / 1_048_576) }
                    ?? ""),
        ]
        return lines.joined(separator: "\n")
    }

    private var deviceText: String {
        if let threads { return "\(device), \(threads) threads" }
        return "\(device) (\(deviceModel ?? ""))"
    }

    private func row(_ name: String, _ columns: String...) -> String {
        let name = name + String(repeating: " ", count: max(0, 12 - name.count))
        return name + columns.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }.joined()
    }

    private func format(_ format: String, _ value: Double) -> String { String(format: format, value) }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        if sorted.isEmpty { return 0 }
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
