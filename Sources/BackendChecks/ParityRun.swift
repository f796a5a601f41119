import Networks
import Tensors

/// What the network computes for a fixture, under the names of the fixture's entries.
package struct ParityRun<B: Backend> {
    package private(set) var values: [String: [Float]] = [:]

    /// Runs the network; `nudge` is added to all flows between the frames, in pixels of the full frame.
    package init(
        _ fixture: ParityFixture, _ networks: FormulaNetworks<B>, nudge: (x: Float, y: Float) = (0, 0)
    ) throws {
        let network = try networks.network(seed: fixture.seed)
        let backend = network.backend
        let frames = try fixture.frames.map {
            try network.frame(backend.image($0, fixture.shape, fixture.padding))
        }
        let (first, second) = (frames[0], frames[1])
        let pair = try network.pair(first, second)
        if nudge != (0, 0) {
            for flow in [pair.flow01, pair.flow10] {
                try Self.add(nudge.x / 20, to: flow.channels(0..<1), backend)
                try Self.add(nudge.y / 20, to: flow.channels(1..<2), backend)
            }
        }

        func keep(_ name: String, _ tensor: B.Tensor?) throws {
            if let tensor { values[name] = try backend.values(of: tensor) }
        }
        try keep("log_depth0", first.logDepth)
        try keep("log_depth1", second.logDepth)
        try keep("context0_block3_first8", first.context?.channels(128..<136))
        try keep("flow01_quarter", pair.flow01)
        try keep("flow10_quarter", pair.flow10)
        try keep("kernel0", pair.kernel0)
        try keep("kernel1", pair.kernel1)
        var last: Float = 0.5
        for time in fixture.times {
            guard let t = Float(time) else { continue }
            last = t
            let result = try network.interpolate(pair, at: t)
            try keep("projected_flow0", result.flow0)
            try keep("projected_flow1", result.flow1)
            for (name, image) in [("warped", result.blend), ("output", result.output)] {
                values["\(name)_t\(time)"] = try backend.values(
                    of: image, fixture.shape, without: fixture.padding)
            }
        }
        if fixture.expected.contains(where: { $0.name == "plain_projected_flow0" }) {
            let plain = try networks.network(seed: fixture.seed, .plain)
            let pair = try plain.pair(plain.frame(first.image), plain.frame(second.image))
            let result = try plain.interpolate(pair, at: last)
            try keep("plain_projected_flow0", result.flow0)
            try keep("plain_projected_flow1", result.flow1)
        }
    }

    private static func add(_ offset: Float, to tensor: B.Tensor, _ backend: B) throws {
        let moved = try backend.values(of: tensor).map { $0 + offset }
        try moved.withUnsafeBufferPointer { try backend.upload($0, to: tensor) }
    }
}
