import ArgumentParser
import BackendChecks
import CUDABackend
import Foundation

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compares every operation on the GPU with plain loops on the CPU.")

    @OptionGroup var options: GPUOptions

    @Flag(
        help: """
            Leave out what libraries compute, for tools that watch kernels. Convolutions that could be computed either way \
            use our own.
            """)
    var ownKernels = false

    @Flag(help: "Leave out large sizes and layers, for tools that slow kernels down a thousandfold.")
    var small = false

    @Flag(help: "Print every comparison, not only those that fail.")
    var verbose = false

    func run() throws {
        if ownKernels { setenv("DAIN_FORM", "split,wide", 1) }
        let backend = try CUDABackend(index: options.gpu, precision: options.precision)
        let (storage, products): (Float, Float) =
            switch options.precision {
            case .fp32: (0, 0)
            case .tf32: (0, 0x1p-10)
            // Products of halves are exact; the sum of a convolution is rounded where it is stored.
            case .fp16: (0x1p-11, 0x1p-11)
            }
        var (count, failures) = (0, 0)
        try OperationChecks(backend, storage: storage, products: products, isSmall: small).run(
            convolutions: { !ownKernels || backend.hasOwnKernel(for: $0, reading: $1) }
        ) { check in
            count += 1
            if !check.passes { failures += 1 }
            if verbose || !check.passes {
                print(check.passes ? "ok" : "FAILED", check.name, "worst \(check.worst)", check.detail)
            }
        }
        print("\(backend.deviceName), \(options.precision): \(count) comparisons, \(failures) failed")
        if failures > 0 { throw ExitCode.failure }
    }
}
