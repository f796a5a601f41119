import ArgumentParser
import CPUBackend
import Interpolation
import Networks

/// Which network makes the frames, and on how much of the machine.
struct NetworkOptions: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("The weights to use.", valueName: "name|path"),
        completion: .custom { _, _, _ in KnownModels.names })
    var model: String?

    @Option(name: .long, help: "How flows that meet are averaged: depth-aware, or plain for comparison.")
    var projection = DAIN<CPUBackend>.Projection.depthAware

    @Flag(
        name: .long,
        help: "Leave out rectification, most of the work: several times as fast, and slightly worse.")
    var fast = false

    @Option(name: .long, help: "CPU threads (default: all).")
    var threads: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Memory to keep to, such as 6G; large frames are cut into tiles (default: 80 % of what is free).",
            valueName: "size"), transform: MemorySize.init(argument:))
    var maxMemory: MemorySize?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be from 1 to 1024")
        }
    }

    /// Bytes to keep to; without --max-memory it depends on what is free at the moment.
    var memoryLimit: Int { maxMemory?.bytes ?? SystemMemory.safePart }

    /// The network, opened and ready.
    ///
    /// - Parameter limit: Bytes of memory to keep to; by default what the options say.
    func loadInterpolator(limit: Int? = nil) throws -> DAINInterpolator<CPUBackend> {
        let model = try OpenedModel.open(model)
        let network = try DAIN(
            weights: model.weights, backend: CPUBackend(threads: threads), projection: projection,
            rectification: fast ? .never : .whereItAdds)
        let limit = limit ?? memoryLimit
        return DAINInterpolator(network: network, memoryLimit: limit) { TilingNote.log($0, limit: limit) }
    }
}

extension DAIN.Projection: ExpressibleByArgument where B == CPUBackend {}
