import ArgumentParser
import Foundation
import Logging
import Media
import Weights

/// `dain models import`: a checkpoint of PyTorch, or a safetensors file, becomes a model of this program.
struct ModelsImportCommand: ParsableCommand, HasDiagnostics {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Convert a checkpoint to a model in safetensors format.",
        discussion: """
            Reads what torch.save writes (both formats) and safetensors, checks every key and shape against \
            the network, and writes 32-bit safetensors. Nothing in the checkpoint is executed. Without -o or \
            --name the model is written beside the checkpoint.
            """)

    @Argument(help: "The checkpoint, for instance best.pth.", completion: .file())
    var checkpoint: String

    @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
    var output: String?

    @Option(
        help: """
            Write the file where --model finds it by this name: into $DAIN_MODELS, or beside the models that are there.
            """)
    var name: String?

    @Flag(name: .long, help: "Refuse when the output exists.")
    var noOverwrite = false

    @OptionGroup var diagnostics: DiagnosticsOptions

    func validate() throws {
        if output != nil && name != nil { throw ValidationError("give --output or --name, not both") }
        if let name, name.isEmpty || name.contains("/") {
            throw ValidationError("--name is a name without a slash, not '\(name)'")
        }
    }

    func run() throws {
        let bytes = try WeightBytes(mapping: checkpoint)
        let weights = try WeightDictionary(bytes)
        try weights.checkThatTheyAreDAIN(file: checkpoint)
        let destination = try destination()
        try weights.writeSafetensors(
            to: destination, metadata: weights.metadata.merging(["format": "pt", "network": "DAIN"]) { $1 })
        let log = Logger(label: "dain.models")
        let parameters = weights.keys.reduce(0) { $0 + (weights[$1]?.count ?? 0) }
        log.notice("\(weights.count) tensors with \(parameters) values imported")
        if WeightFileFormat(firstBytesOf: bytes) != .safetensors {
            log.warning(
                """
                the weights keep their licence: the flow network of DAIN's published best.pth descends from \
                NVIDIA's PWC-Net (CC BY-NC-SA 4.0), so have commercial use checked
                """)
        }
        try StandardOutput.print(destination)
    }

    private func destination() throws -> String {
        let path: String
        if let output {
            path = output
        } else if let name {
            path = try Self.folderForNewModels(name) + "/\(name).safetensors"
        } else {
            path = URL(fileURLWithPath: checkpoint).deletingPathExtension().path + ".safetensors"
        }
        func resolved(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
        guard resolved(path) != resolved(checkpoint) else {
            throw BadUsage("\(path): the output is the input; give another name with --output")
        }
        if noOverwrite, FileManager.default.fileExists(atPath: path) {
            throw MediaError.outputExists(path: path)
        }
        return path
    }

    /// `$DAIN_MODELS` where it is set, else the first folder that has models already.
    private static func folderForNewModels(_ name: String) throws -> String {
        let store = ModelStore.ofThisProcess
        let models = try store.models()
        if let listed = models.first(where: { $0.name == name }), listed.model != nil {
            throw BadUsage("a manifest lists a model '\(name)' already: \(listed.path)")
        }
        if let folder = ProcessInfo.processInfo.environment[ModelStore.environmentVariable], !folder.isEmpty {
            return folder
        }
        guard let first = models.first else { throw ModelError.notFound(name: nil, searched: store.folders) }
        return URL(fileURLWithPath: first.path).deletingLastPathComponent().path
    }
}
