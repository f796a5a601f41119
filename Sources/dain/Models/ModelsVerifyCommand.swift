import ArgumentParser
import Weights

/// `dain models verify`: compares every listed model with its manifest.
struct ModelsVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare size and sha256 of every listed model with its manifest.",
        discussion: "Exits with 1 when a model is damaged or missing.")

    @Flag(name: .long, help: "Print the results as JSON.")
    var json = false

    func run() throws {
        let store = ModelStore.ofThisProcess
        var results: [Result] = []
        for location in try store.models() {
            guard let model = location.model else { continue }
            var result = Result(name: model.name, path: location.path)
            do {
                _ = try location.verifiedBytes()
            } catch let error where error is ModelError || error is WeightFileError {
                result.isSound = false
                result.error = "\(error)"
            }
            results.append(result)
            // A large model takes a while: the text comes as it is known.
            if !json { try StandardOutput.print("\(result.name): \(result.error ?? "OK")") }
        }
        if json { try StandardOutput.print(RunJSON.object(results)) }
        if results.isEmpty { throw ModelError.notFound(name: nil, searched: store.folders) }
        if results.contains(where: { !$0.isSound }) { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    /// The names in JSON are part of the program's interface.
    private struct Result: Encodable {
        var name: String
        var path: String
        var isSound = true
        /// Absent where it is sound.
        var error: String?
    }
}
