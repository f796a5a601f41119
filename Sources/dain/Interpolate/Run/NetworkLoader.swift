import Interpolation

/// The device and the network, opened where they are first needed and kept for all inputs of a batch.
///
/// That is once the input is known to be readable and the output writable, which are the errors that people meet most.
final class NetworkLoader {
    private let options: NetworkOptions
    private var opened: ChosenDevice?
    private var loaded: (any TilingInterpolator)?
    /// What was said when the device was opened.
    private(set) var warnings: [String] = []
    /// What may be taken of the CPU's memory, as the run began.
    private let safeMemory = SystemMemory.safePart

    init(_ options: NetworkOptions) { self.options = options }

    /// Where the network runs.
    func device() throws -> ChosenDevice {
        if let opened { return opened }
        let device = try ChosenDevice.open(options.device, memoryLimit: options.maxMemory?.bytes) {
            warnings.append($0)
        }
        opened = device
        return device
    }

    /// Bytes of memory to keep to. Without --max-memory that is most of what was free for the CPU, and no limit for a GPU, where
    /// whatever runs out makes the tiles smaller.
    func memoryLimit() throws -> Int? {
        if let given = options.maxMemory?.bytes { return given }
        return if case .cpu = try device() { safeMemory } else { nil }
    }

    func load() throws -> any TilingInterpolator {
        if let loaded { return loaded }
        let interpolator = try make(limit: memoryLimit())
        loaded = interpolator
        return interpolator
    }

    /// - Parameter limit: Bytes to keep to where they are not `memoryLimit`; then the network is not kept.
    func load(limit: Int?) throws -> any TilingInterpolator {
        try limit == memoryLimit() ? load() : make(limit: limit)
    }

    private func make(limit: Int?) throws -> any TilingInterpolator {
        let model = try OpenedModel.open(options.model)
        return try device().interpolator(model, options, limit: limit)
    }
}
