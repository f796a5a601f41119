import Foundation
import Synchronization

/// The choices among cuDNN's engines, kept on disk: choosing takes many seconds, and another choice would round differently.
///
/// One file for each GPU model, driver and cuDNN, `dain/plans` in the user's cache folder: lines of a geometry and its choice.
/// A line that is not understood is no choice, and what cannot be read or written is chosen anew.
package final class PlanMemory: Sendable {
    private struct State {
        var choices: [String: PlanChoice] = [:]
        var isNew = false
        var isAnnounced = false
    }

    private let file: URL?
    private let announce: @Sendable () -> Void
    private let state: Mutex<State>

    /// - Parameters:
    ///   - machine: All that a choice depends on besides the geometry.
    ///   - announce: Told once that something is to be chosen.
    package init(machine: String, folder: URL?, announce: @escaping @Sendable () -> Void = {}) {
        self.announce = announce
        file = folder?.appendingPathComponent(
            String(machine.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") ? $0 : "-" })
                + ".txt")
        var state = State()
        if let file, let data = try? Data(contentsOf: file) {
            for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
                let parts = line.split(separator: " ")
                guard parts.count == 2, let choice = PlanChoice(line: parts[1]) else { continue }
                state.choices[String(parts[0])] = choice
            }
        }
        self.state = Mutex(state)
    }

    deinit { save() }

    package subscript(geometry: ConvolutionGeometry) -> PlanChoice? {
        get { state.withLock { $0.choices[geometry.line] } }
        set {
            state.withLock { state in
                state.isNew = true
                state.choices[geometry.line] = newValue
            }
        }
    }

    /// Says that a choice is to be made: the first will not be the last.
    func willChoose() {
        let isFirst = state.withLock { state in
            defer { state.isAnnounced = true }
            return !state.isAnnounced
        }
        if isFirst { announce() }
    }

    /// Writes what was chosen since the last time.
    package func save() {
        guard let file else { return }
        let text = state.withLock { state -> String? in
            guard state.isNew else { return nil }
            state.isNew = false
            return state.choices.map { "\($0.key) \($0.value.line)\n" }.sorted().joined()
        }
        if let text { CacheFolder.write(Data(text.utf8), to: file) }
    }
}

extension ConvolutionGeometry {
    /// The plain form of it, without spaces.
    fileprivate var line: String {
        let numbers = [
            description.inputChannels, description.outputChannels, description.kernel, description.stride,
            description.dilation, inputChannels, outputChannels, height, width, inputPitch, outputPitch,
            residualPitch ?? 0, isHalf ? 1 : 0, sumsAreFloat ? 1 : 0, allowsMatrixUnits ? 1 : 0,
        ]
        return numbers.map(String.init).joined(separator: ",") + "," + activation
    }

    private var activation: String {
        switch description.activation {
        case .identity: "identity"
        case .relu: "relu"
        case .leakyReLU: "leaky"
        }
    }
}

extension PlanChoice {
    fileprivate init?(line: Substring) {
        let parts = line.split(separator: ",")
        guard parts.count == 4, let form = ConvolutionForm(parts[0]), let heuristics = Int(parts[2]),
            let position = Int(parts[3])
        else { return nil }
        self.init(form: form, isFused: parts[1] == "fused", heuristics: heuristics, position: position)
    }

    fileprivate var line: String { "\(form),\(isFused ? "fused" : "apart"),\(heuristics),\(position)" }
}

extension ConvolutionForm {
    fileprivate init?(_ text: Substring) {
        switch text {
        case "plain": self = .plain
        case "columns": self = .columns
        case "pixels2": self = .pixels(2)
        case "pixels4": self = .pixels(4)
        case "pixels8": self = .pixels(8)
        case "product": self = .product
        case "wide": self = .wide
        case "split": self = .split
        default: return nil
        }
    }
}
