import ArgumentParser
import CUDABackend

/// The networks without FFmpeg: for machines that have a GPU and no media libraries.
@main
struct DainCore: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dain-core",
        abstract:
            "Runs dain's networks without FFmpeg: checks and timings of a GPU, and new frames between PPM images.",
        subcommands: [
            DoctorCommand.self, CheckCommand.self, OracleCommand.self, ParityCommand.self, TimeCommand.self,
            PairCommand.self,
        ])
}

extension Precision: ExpressibleByArgument {}

/// Which GPU, and what it computes with.
struct GPUOptions: ParsableArguments {
    @Option(help: "The GPU, numbered from 0.")
    var gpu = 0

    @Option(help: "fp32, tf32 or fp16.")
    var precision: Precision = .fp16

    func validate() throws {
        guard gpu >= 0 else { throw ValidationError("--gpu is a number from 0") }
    }
}
