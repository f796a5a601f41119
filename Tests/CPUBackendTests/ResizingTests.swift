import Tensors
import Testing

@Suite struct ResizingTests {
    static let sizes = [(1, 1), (2, 2), (7, 5), (17, 1), (16, 24), (33, 19)]

    @Test(arguments: sizes) func pooling(_ width: Int, _ height: Int) throws {
        var both = BothBackends()
        let input = try both.input(Shape(channels: 3, height: height, width: width))
        let maximum = try both.output(input.cpu.shape.halved)
        let mean = try both.output(input.cpu.shape.halved)
        both.cpu.maxPool(input.cpu, into: maximum.cpu)
        both.reference.maxPool(input.reference, into: maximum.reference)
        try both.expectEqual(maximum, tolerance: 0)
        both.cpu.averagePool(input.cpu, into: mean.cpu)
        both.reference.averagePool(input.reference, into: mean.reference)
        try both.expectEqual(mean, tolerance: 1e-6)
    }

    @Test(arguments: sizes) func upsampling(_ width: Int, _ height: Int) throws {
        var both = BothBackends()
        let shape = Shape(channels: 3, height: height, width: width)
        let input = try both.input(shape)
        let nearest = try both.input(shape.scaled(by: 2))
        both.cpu.addUpsampledNearest(input.cpu, to: nearest.cpu)
        both.reference.addUpsampledNearest(input.reference, to: nearest.reference)
        try both.expectEqual(nearest, tolerance: 1e-6)
        for factor in [2, 4] {
            let residual = try both.input(shape.scaled(by: factor))
            for addend in [nil, residual] {
                let output = try both.output(shape.scaled(by: factor))
                both.cpu.upsampleBilinear(
                    input.cpu, factor: factor, scale: .constant(1.7), adding: addend?.cpu, into: output.cpu)
                both.reference.upsampleBilinear(
                    input.reference, factor: factor, scale: .constant(1.7), adding: addend?.reference,
                    into: output.reference)
                try both.expectEqual(output, tolerance: 1e-6, "factor \(factor)")
            }
        }
    }

    @Test(arguments: sizes) func paddingAndCropping(_ width: Int, _ height: Int) throws {
        var both = BothBackends()
        let input = try both.input(Shape(channels: 2, height: height, width: width))
        let padded = try both.output(Shape(channels: 2, height: height + 9, width: width + 6))
        both.cpu.padReplicating(input.cpu, left: 2, top: 5, into: padded.cpu)
        both.reference.padReplicating(input.reference, left: 2, top: 5, into: padded.reference)
        try both.expectEqual(padded, tolerance: 0)
        let cropped = try both.output(input.cpu.shape)
        both.cpu.crop(padded.cpu, left: 2, top: 5, into: cropped.cpu)
        both.reference.copy(input.reference, into: cropped.reference)
        try both.expectEqual(cropped, tolerance: 0)
    }

    @Test(arguments: sizes) func depthToSpace(_ width: Int, _ height: Int) throws {
        var both = BothBackends()
        let input = try both.input(Shape(channels: 8, height: height, width: width))
        let output = try both.output(Shape(channels: 2, height: 2 * height, width: 2 * width))
        both.cpu.depthToSpace(input.cpu, into: output.cpu)
        both.reference.depthToSpace(input.reference, into: output.reference)
        try both.expectEqual(output, tolerance: 0)
    }

    @Test func blendingAndCopying() throws {
        var both = BothBackends()
        let shape = Shape(channels: 3, height: 7, width: 13)
        let (first, second, output) = (try both.input(shape), try both.input(shape), try both.output(shape))
        both.cpu.blend(first.cpu, second.cpu, at: 0.3, into: output.cpu)
        both.reference.blend(first.reference, second.reference, at: 0.3, into: output.reference)
        try both.expectEqual(output, tolerance: 1e-6)
        both.cpu.copy(first.cpu, into: output.cpu)
        both.reference.copy(first.reference, into: output.reference)
        try both.expectEqual(output, tolerance: 0)
    }
}
