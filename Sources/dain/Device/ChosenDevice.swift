import CPUBackend
import CUDABackend
import Interpolation
import Logging
import Networks
import Tensors
import Weights

/// Where the network runs: the one place that knows of all backends.
enum ChosenDevice {
    case cpu(CPUBackend)
    case cuda(CUDABackend)

    /// Opens what the options ask for.
    ///
    /// - Parameters:
    ///   - memoryLimit: Bytes of a GPU's memory that tensors may take; the CPU's is for the tiling to keep to.
    ///   - profile: Where operations record what they cost.
    ///   - keep: Told each warning, which is printed, too.
    /// - Throws: ``NoGPU`` where a GPU is asked for and cannot be used.
    static func open(
        _ options: DeviceOptions, memoryLimit: Int? = nil, profile: Profile? = nil,
        keep: (String) -> Void = { _ in }
    ) throws -> ChosenDevice {
        let log = Logger(label: "dain.device")
        func gpu(_ index: Int) throws -> ChosenDevice {
            .cuda(
                try CUDABackend(
                    index: index, precision: options.precision, memoryLimit: memoryLimit, profile: profile
                ) {
                    log.notice(
                        "finds out how this GPU computes frames of this size fastest, which takes some seconds; it is kept for the next time"
                    )
                })
        }
        let cpu = { ChosenDevice.cpu(CPUBackend(threads: options.threads, profile: profile)) }
        let chosen: ChosenDevice
        switch options.device {
        case .cpu: chosen = cpu()
        case .cuda(let index):
            do { chosen = try gpu(index) } catch { throw NoGPU(request: options.device, reason: "\(error)") }
        case .auto:
            do {
                chosen = try gpu(GPUReport.firstUsable)
            } catch {
                // No GPU is nothing to speak of; one that cannot be used is.
                if (error as? CUDAError)?.isAbsence != true {
                    log.warning("the GPU is not used: \(error)")
                    keep("the GPU is not used: \(error)")
                }
                chosen = cpu()
                if let precision = options.precision, precision != .fp32 {
                    log.notice("'--precision \(precision)' is for GPUs: the CPU computes in fp32")
                }
            }
        }
        if case .cuda = chosen {
            log.notice("computes on \(chosen.title) in \(chosen.precision)")
        } else {
            log.debug("computes on the CPU in fp32")
        }
        return chosen
    }

    /// As `--device` is written: `cpu` or `cuda:0`.
    var name: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let backend): "cuda:\(backend.deviceIndex)"
        }
    }

    /// The GPU's own name; nil for the CPU.
    var model: String? {
        if case .cuda(let backend) = self { backend.deviceName } else { nil }
    }

    /// For people: `cpu`, or `cuda:0 (NVIDIA H100)`.
    var title: String { model.map { "\(name) (\($0))" } ?? name }

    var precision: Precision {
        switch self {
        case .cpu: .fp32
        case .cuda(let backend): backend.precision
        }
    }

    /// The network, ready to run.
    ///
    /// - Parameter limit: Bytes of memory to keep to: of the process on the CPU, else of the GPU. What a frame needs is reckoned at
    ///   four bytes a value, which is up to twice as much as half precision takes.
    func interpolator(_ model: OpenedModel, _ options: NetworkOptions, limit: Int?) throws
        -> any TilingInterpolator
    {
        switch self {
        case .cpu(let backend): try Self.interpolator(backend, model, options, limit)
        case .cuda(let backend): try Self.interpolator(backend, model, options, limit)
        }
    }

    private static func interpolator<B: Backend>(
        _ backend: B, _ model: OpenedModel, _ options: NetworkOptions, _ limit: Int?
    ) throws -> any TilingInterpolator {
        let network = try DAIN(
            weights: model.weights, backend: backend, projection: options.projection,
            rectification: options.fast ? .never : .whereItAdds)
        return DAINInterpolator(network: network, memoryLimit: limit) { TilingNote.log($0, limit: limit) }
    }
}

/// A GPU was asked for, and none can be used.
struct NoGPU: UserFacingError {
    var request: DeviceRequest
    var reason: String

    var userMessage: String {
        "'--device \(request)' cannot be used: \(reason); '--device auto' takes the CPU where there is no GPU"
    }
    var exitStatus: ExitStatus { .failed }
}

extension CUDAError: UserFacingError {
    var userMessage: String { description }
    var exitStatus: ExitStatus { .failed }
}
