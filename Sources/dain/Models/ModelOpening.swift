import Foundation
import Logging
import Weights

/// A model that is ready to be given to the network: its file is the one that the manifest lists, if one
/// does, and its tensors are those of the network.
struct OpenedModel {
    let location: ModelLocation
    let weights: WeightDictionary

    /// Opens what `--model` names; nil is the default model.
    ///
    /// Checksum and tensors come from one mapping of the file, so what was checked is what is used.
    static func open(_ request: String?, in store: ModelStore = .ofThisProcess) throws -> OpenedModel {
        if let folder = ProcessInfo.processInfo.environment[ModelStore.environmentVariable], !folder.isEmpty,
            !FileManager.default.fileExists(atPath: folder)
        {
            Logger(label: "dain.models").warning(
                "\(ModelStore.environmentVariable) names \(folder), which does not exist")
        }
        let location = try store.locate(request)
        let bytes = try location.verifiedBytes()
        let weights = try WeightDictionary(bytes)
        try weights.checkThatTheyAreDAIN(file: location.path)
        return OpenedModel(location: location, weights: weights)
    }
}

extension ModelLocation {
    /// What the file holds: where a manifest lists it, what that states.
    func verifiedBytes() throws -> WeightBytes {
        let bytes = try WeightBytes(mapping: path)
        try model?.verify(bytes, sha256: SHA256.digest)
        return bytes
    }
}

/// Weights that can be read, of something else than this program's network.
struct WeightsOfAnotherNetwork: UserFacingError {
    let file: String
    let mismatch: ParameterMismatch

    var userMessage: String { "\(file): not weights of DAIN: \(mismatch)" }
    var exitStatus: ExitStatus { .badUsage }
}

extension WeightDictionary {
    /// Checks keys and shapes; `file` is for the message.
    func checkThatTheyAreDAIN(file: String) throws(WeightsOfAnotherNetwork) {
        do throws(ParameterMismatch) {
            try check(against: expectedParameters())
        } catch {
            throw WeightsOfAnotherNetwork(file: file, mismatch: error)
        }
    }
}

extension ModelStore {
    /// The store as this process's environment and place define it.
    static let ofThisProcess: ModelStore = {
        #if os(Linux)
            let executable = "/proc/self/exe"
        #else
            let executable = Bundle.main.executablePath ?? CommandLine.arguments[0]
        #endif
        // This file is Sources/dain/Models/ModelOpening.swift of the checkout.
        let checkout = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        return ModelStore(
            environment: ProcessInfo.processInfo.environment, executable: executable,
            builtIn: checkout.joined(separator: "/"))
    }()
}
