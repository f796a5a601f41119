import Foundation
import Tensors

/// What one layer costs in a benchmark's run. The names of its JSON are part of the program's interface.
struct LayerReport: Encodable {
    /// The published key; an asterisk stands for the four that run as one.
    var name: String
    var algorithm: String
    /// Kernel, channels, and the output's size.
    var shape: String
    /// Times that it runs for one new frame.
    var calls: Int
    /// Of all its calls in one run; the mean of the runs.
    var seconds: Double
    /// Arithmetic of a direct convolution for each second: more than the machine can do where an algorithm needs less.
    var gflopsPerSecond: Double
    var share: Double

    /// Layers by what they take, most first.
    static func all(_ convolutions: [ConvolutionRun], runs: Int, totalSeconds: Double) -> [LayerReport] {
        struct Key: Hashable {
            var layer: String
            var output: Shape
        }
        return Dictionary(grouping: convolutions) { Key(layer: $0.layer, output: $0.output) }.values
            .map { calls in
                let seconds = calls.reduce(0) { $0 + $1.duration.seconds }
                let multiplyAdds = calls.reduce(0) { $0 + $1.multiplyAdds }
                let description = calls[0].description
                let dilation = description.dilation > 1 ? ", dilated by \(description.dilation)" : ""
                return LayerReport(
                    name: calls[0].layer, algorithm: calls[0].algorithm,
                    shape:
                        "\(description.kernel)x\(description.kernel) \(description.inputChannels)>\(description.outputChannels)"
                        + " at \(calls[0].output.width)x\(calls[0].output.height)" + dilation,
                    calls: calls.count / max(1, runs), seconds: seconds / Double(max(1, runs)),
                    gflopsPerSecond: seconds > 0 ? 2e-9 * Double(multiplyAdds) / seconds : 0,
                    share: totalSeconds > 0 ? seconds / totalSeconds : 0)
            }
            .sorted { ($0.seconds, $0.name) > ($1.seconds, $1.name) }
    }

    static let heading =
        pad("layer", 46) + pad("algorithm", 10) + pad("shape", 38) + "calls        time   share  GFLOP/s"

    var text: String {
        Self.pad(name, 46) + Self.pad(algorithm, 10) + Self.pad(shape, 38)
            + String(
                format: "%5d %8.1f ms  %4.1f %% %8.1f", calls, 1e3 * seconds, 100 * share, gflopsPerSecond)
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
