import ArgumentParser
import Networks

/// Which network makes the frames, and on how much of the machine.
struct NetworkOptions: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("The weights to use.", valueName: "name|path"),
        completion: .custom { _, _, _ in KnownModels.names })
    var model: String?

    @Option(name: .long, help: "How flows that meet are averaged: depth-aware, or plain for comparison.")
    var projection = ProjectionWeighting.depthAware

    @Flag(
        name: .long,
        help: "Leave out rectification, most of the work: several times as fast, and slightly worse.")
    var fast = false

    @OptionGroup var device: DeviceOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Memory to keep to, such as 6G, of the GPU where that computes; large frames are cut into tiles (default: 80 % of what is free; a GPU's whole).",
            valueName: "size"), transform: MemorySize.init(argument:))
    var maxMemory: MemorySize?
}

extension ProjectionWeighting: ExpressibleByArgument {}
