/// What can go wrong on a GPU.
public enum CUDAError: Error, Sendable {
    /// A library that is needed cannot be used.
    case library(name: String, LibraryError)
    /// The driver refused a call.
    case driver(call: String, name: String, text: String)
    /// There is no GPU of this number.
    case noDevice(index: Int, count: Int)
    /// The GPU is older than the kernels can be compiled for.
    case tooOld(device: String, capability: String)
    /// A kernel did not compile; the log is the compiler's.
    case compilation(log: String)
    case cuDNN(call: String, text: String)
    case cuBLASLt(call: String, status: Int)
    /// Work cannot be recorded.
    case recording(String)
    /// cuDNN has no way to compute a convolution.
    case noEngine(layer: String, reason: String)
}

extension CUDAError {
    /// Whether the machine simply has no GPU of NVIDIA, or no driver for one: nothing is amiss then.
    public var isAbsence: Bool {
        switch self {
        case .library(CUDALibraries.driverTitle, .notFound(let attempts)): attempts.allSatisfy(\.isAbsent)
        case .noDevice(_, let count): count == 0
        default: false
        }
    }
}

extension CUDAError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .library(let name, let error): "\(name) \(error)"
        case .driver(let call, let name, let text): "\(call): \(text) (\(name))"
        case .noDevice(let index, let count):
            count == 0
                ? "the driver finds no GPU"
                : "there is no GPU \(index): the driver finds \(count), numbered from 0"
        case .tooOld(let device, let capability):
            "\(device) has compute capability \(capability); at least 7.0 is needed"
        case .compilation(let log): "a kernel did not compile: \(log)"
        case .cuDNN(let call, let text): "\(call): \(text)"
        case .cuBLASLt(let call, let status): "\(call): status \(status)"
        case .recording(let reason): "work cannot be recorded: \(reason)"
        case .noEngine(let layer, let reason): "cuDNN cannot compute layer \(layer): \(reason)"
        }
    }
}
