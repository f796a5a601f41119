import Tensors
import Testing

@Suite struct MotionTests {
    static let sizes = [(1, 1), (2, 3), (7, 5), (17, 1), (16, 24), (33, 19), (64, 48)]

    @Test(arguments: sizes) func correlation(_ width: Int, _ height: Int) throws {
        var both = BothBackends()
        let shape = Shape(channels: 19, height: height, width: width)
        let (first, second) = (try both.input(shape), try both.input(shape))
        let output = try both.output(shape.with(channels: 81))
        both.cpu.correlate(first.cpu, second.cpu, into: output.cpu)
        both.reference.correlate(first.reference, second.reference, into: output.reference)
        try both.expectEqual(output)
    }

    /// Flows that stay inside, leave the image, and are far beyond it.
    @Test(arguments: sizes, [Float(0.9), 6, 1e9]) func backwardWarp(_ size: (Int, Int), _ reach: Float) throws
    {
        var both = BothBackends()
        let shape = Shape(channels: 5, height: size.1, width: size.0)
        let input = try both.input(shape)
        let flow = try both.input(shape.with(channels: 2), in: -reach...reach)
        let output = try both.output(shape)
        both.cpu.warpBackward(input.cpu, by: flow.cpu, scale: 0.625, into: output.cpu)
        both.reference.warpBackward(input.reference, by: flow.reference, scale: 0.625, into: output.reference)
        try both.expectEqual(output)
    }

    @Test(arguments: sizes, [Float(0), 0.9, 9, 200]) func projection(_ size: (Int, Int), _ reach: Float)
        throws
    {
        var both = BothBackends()
        let shape = Shape(channels: 2, height: size.1, width: size.0)
        let flow = try both.input(shape, in: -reach...reach)
        let weights = try both.input(shape.with(channels: 1), in: 0.01...3)
        for weighting in [nil, weights] {
            let output = try both.output(shape)
            try both.cpu.projectFlow(flow.cpu, weights: weighting?.cpu, into: output.cpu)
            both.reference.projectFlow(flow.reference, weights: weighting?.reference, into: output.reference)
            try both.expectEqual(output, "reach \(reach)")
        }
    }

    /// A nearer pixel pulls the mean of two flows that meet towards its own, and a hole takes the mean of its neighbours.
    @Test func projectionPrefersWhatIsNear() throws {
        let both = BothBackends()
        let shape = Shape(channels: 2, height: 1, width: 8)
        let flow = try both.tensor(shape, [3, 0, 0, 0, 100, 100, 100, 100] + [Float](repeating: 0, count: 8))
        let weights = try both.tensor(shape.with(channels: 1), [9, 1, 1, 1, 1, 1, 1, 1])
        let output = try both.output(shape)
        try both.cpu.projectFlow(flow.cpu, weights: weights.cpu, into: output.cpu)
        var values = [Float](repeating: 0, count: 16)
        try values.withUnsafeMutableBufferPointer { try both.cpu.download(output.cpu, to: $0) }
        // Pixel 3 gets -3 twice per row copy with weight 9, and 0 from its own and its left neighbour with weight 1 each.
        #expect(abs(values[3] - (-27.0 / 11.0)) < 1e-5, "\(values)")
        // Pixels 5 to 7 are reached by none: the nearest on the left is pixel 4.
        #expect(values[5] == values[4] && values[7] == values[4], "\(values)")
    }

    @Test(arguments: sizes, [Float(0), 0.9, 9, 200]) func adaptiveWarp(_ size: (Int, Int), _ reach: Float)
        throws
    {
        var both = BothBackends()
        let shape = Shape(channels: 3, height: size.1, width: size.0)
        let input = try both.input(shape)
        let flow = try both.input(shape.with(channels: 2), in: -reach...reach)
        let taps = try both.input(shape.with(channels: 16))
        for rows in [0..<size.1, size.1 / 3..<size.1 / 3 + 1, size.1 / 2..<size.1] {
            let output = try both.output(shape.with(height: rows.count))
            try both.cpu.warpAdaptively(
                input.cpu, by: flow.cpu, taps: taps.cpu, rows: rows, into: output.cpu)
            both.reference.warpAdaptively(
                input.reference, by: flow.reference, taps: taps.reference, rows: rows, into: output.reference)
            try both.expectEqual(output, "reach \(reach), rows \(rows)")
        }
    }

    @Test func inverseDepth() throws {
        var both = BothBackends()
        let shape = Shape(channels: 1, height: 9, width: 14)
        let depth = try both.input(shape, in: -6...6)
        let output = try both.output(shape)
        both.cpu.invertDepth(depth.cpu, into: output.cpu)
        both.reference.invertDepth(depth.reference, into: output.reference)
        try both.expectEqual(output)
    }

    /// NaN and infinities, as damaged weights could make them, must not lead to a read outside the image.
    @Test(arguments: [Float.nan, .infinity, -.infinity, 3e38]) func wildFlowsAreHarmless(_ wild: Float) throws
    {
        var both = BothBackends()
        let shape = Shape(channels: 2, height: 5, width: 9)
        let flow = try both.tensor(shape, [Float](repeating: wild, count: shape.count))
        let (input, output) = (try both.input(shape), try both.output(shape))
        both.cpu.warpBackward(input.cpu, by: flow.cpu, scale: 5, into: output.cpu)
        try both.cpu.warpAdaptively(
            input.cpu, by: flow.cpu, taps: both.input(shape.with(channels: 16)).cpu, rows: 0..<shape.height,
            into: output.cpu)
        both.reference.copy(input.reference, into: output.reference)
        try both.expectEqual(output, tolerance: 0, "an unusable flow copies the pixel")
        try both.cpu.projectFlow(flow.cpu, weights: nil, into: output.cpu)
        both.reference.projectFlow(flow.reference, weights: nil, into: output.reference)
        try both.expectEqual(output, tolerance: 0)
    }
}
