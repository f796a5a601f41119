import CPUBackend
import Interpolation

/// The network, opened where it is first needed and kept for all inputs of a batch.
///
/// That is once the input is known to be readable and the output writable, which are the errors that people meet most.
final class NetworkLoader {
    private let options: NetworkOptions
    private var loaded: DAINInterpolator<CPUBackend>?
    /// Bytes of memory to keep to.
    let memoryLimit: Int

    init(_ options: NetworkOptions) {
        (self.options, memoryLimit) = (options, options.memoryLimit)
    }

    /// - Parameter limit: Bytes to keep to where they are not `memoryLimit`; then it is not kept.
    func load(limit: Int? = nil) throws -> DAINInterpolator<CPUBackend> {
        if let limit, limit != memoryLimit { return try options.loadInterpolator(limit: limit) }
        if let loaded { return loaded }
        let interpolator = try options.loadInterpolator(limit: memoryLimit)
        loaded = interpolator
        return interpolator
    }
}
