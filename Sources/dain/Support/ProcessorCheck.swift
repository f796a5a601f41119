import CProcessor
import Console

/// The kernels are compiled for x86-64-v3, and on an older CPU they would end the process with SIGILL. The
/// executable itself is compiled for the baseline, so that it can find out and say so.
enum ProcessorCheck {
    struct TooOld: UserFacingError {
        var userMessage: String {
            """
            this CPU does not have AVX2, FMA and F16C (the level x86-64-v3), which dain needs; \
            CPUs with them are sold since 2013 (Intel Haswell, AMD Excavator)
            """
        }
        var exitStatus: ExitStatus { .failed }
    }

    /// Whether the kernels run here.
    static var isSupported: Bool {
        #if arch(x86_64)
            processor_has_x86_64_v3()
        #else
            true
        #endif
    }

    /// The name of the level that the kernels need.
    static var requiredLevel: String {
        #if arch(x86_64)
            "x86-64-v3"
        #elseif arch(arm64)
            "arm64"
        #else
            "any"
        #endif
    }
}

/// A command that runs the network. All others, and every command's help, work on any CPU.
protocol RunsKernels {}
