import ArgumentParser
import CUDABackend

/// Where the network runs, and how exactly.
struct DeviceOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where the network runs: cpu, cuda or cuda:N for the first or another NVIDIA GPU, or auto (the default) for the first that can be used, else the CPU.",
            valueName: "name"), completion: .list(["auto", "cpu", "cuda"]),
        transform: DeviceRequest.init(argument:))
    var device = DeviceRequest.auto

    @Option(
        name: .long,
        help:
            "What a GPU computes with: fp16 (the default) keeps features in half precision, tf32 rounds products alone, fp32 rounds as the CPU does, which has nothing else."
    )
    var precision: Precision?

    @Option(name: .long, help: "CPU threads (default: all).")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be from 1 to 1024")
        }
        if device == .cpu, let precision, precision != .fp32 {
            throw ValidationError("'--precision \(precision)' is for GPUs: '--device cpu' computes in fp32")
        }
    }
}

extension Precision: ExpressibleByArgument {}
