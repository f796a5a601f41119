import ArgumentParser
import Weights

/// `dain models verify`: compares every listed model with its manifest.
struct ModelsVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare size and sha256 of every listed model with its manifest.",
        discussion: "Exits with 1 when a model is damaged or missing.")

    func run() throws {
        let store = ModelStore.ofThisProcess
        var isSound = true
        var count = 0
        for location in try store.models() {
            guard let model = location.model else { continue }
            count += 1
            do {
                try model.verify(WeightBytes(mapping: location.path), sha256: SHA256.digest)
                try StandardOutput.print("\(model.name): OK")
            } catch let error where error is ModelError || error is WeightFileError {
                isSound = false
                try StandardOutput.print("\(model.name): \(error)")
            }
        }
        if count == 0 { throw ModelError.notFound(name: nil, searched: store.folders) }
        if !isSound { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}
