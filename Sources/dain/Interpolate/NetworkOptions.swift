import ArgumentParser
import CPUBackend
import Interpolation
import Networks

/// Which network makes the frames, and on how much of the machine.
struct NetworkOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The weights to use.", valueName: "name|path"))
    var model: String?

    @Option(name: .long, help: "How flows that meet are averaged: depth-aware, or plain for comparison.")
    var projection = DAIN<CPUBackend>.Projection.depthAware

    @Option(name: .long, help: "CPU threads (default: all).")
    var threads: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Memory to keep to, such as 6G; large frames are cut into tiles (default: 80 % of what is free).",
            valueName: "size"))
    var maxMemory: MemorySize?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be from 1 to 1024")
        }
    }

    /// How many bytes to keep to.
    var memoryLimit: Int { maxMemory?.bytes ?? SystemMemory.safePart }

    /// The network, opened and ready. It keeps to `memoryLimit`, or to what the options say.
    func loadInterpolator(memoryLimit: Int? = nil) throws -> DAINInterpolator<CPUBackend> {
        let model = try OpenedModel.open(model)
        let network = try DAIN(
            weights: model.weights, backend: CPUBackend(threads: threads), projection: projection)
        let limit = memoryLimit ?? self.memoryLimit
        return DAINInterpolator(network: network, memoryLimit: limit) { TilingNote.log($0, limit: limit) }
    }
}

extension DAIN.Projection: ExpressibleByArgument where B == CPUBackend {}
