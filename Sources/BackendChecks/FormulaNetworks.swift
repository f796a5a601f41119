import Networks
import Synchronization
import Tensors

/// Networks with weights by formula, made once for each seed: 24 million values take a while.
package final class FormulaNetworks<B: Backend>: Sendable {
    private struct Key: Hashable {
        var seed: UInt64
        var projection: ProjectionWeighting
    }

    private let backend: B
    private let made = Mutex<[Key: DAIN<B>]>([:])

    package init(_ backend: B) { self.backend = backend }

    package func network(seed: UInt64, _ projection: ProjectionWeighting = .depthAware) throws -> DAIN<B> {
        try made.withLock { made in
            let key = Key(seed: seed, projection: projection)
            if let network = made[key] { return network }
            let network = try DAIN(
                weights: FormulaWeights.dain(seed: seed), backend: backend, projection: projection,
                rectification: .always)
            made[key] = network
            return network
        }
    }
}
