import BackendChecks
import CPUBackend
import Networks
import Tensors
import Testing

/// What the network says that it needs, beside what it takes.
@Suite(.serialized) struct MemoryTests {
    /// In one strip and in several.
    @Test(arguments: [(256, 192), (192, 448)]) func theNeedIsMetAndNotMuchMore(_ width: Int, _ height: Int)
        throws
    {
        let backend = CPUBackend(threads: 2)
        let network = try DAIN(weights: FormulaWeights.dain(seed: 1), backend: backend)
        let image = try backend.makeTensor(Shape(channels: 3, height: height, width: width))
        try [Float](repeating: 0.5, count: image.shape.count).withUnsafeBufferPointer {
            try backend.upload($0, to: image)
        }
        let (first, second) = (try network.frame(image), try network.frame(image))
        _ = try network.interpolate(try network.pair(first, second), at: 0.5)
        let need = network.memoryNeed.fixed + network.memoryNeed.newFrame(width: width, height: height)
        let taken = backend.peakAllocatedBytes
        #expect(taken <= need, "\(taken >> 20) MiB of \(need >> 20)")
        #expect(taken > need / 4 * 3, "\(taken >> 20) MiB of \(need >> 20)")
    }

    /// The context is most of what is known of a frame; without it the new frame is the same.
    @Test func aFrameWithoutItsContextGivesTheSame() throws {
        let backend = CPUBackend(threads: 2)
        let network = try DAIN(weights: FormulaWeights.dain(seed: 2), backend: backend)
        func frame(_ phase: Float, keepsContext: Bool) throws -> DAIN<CPUBackend>.Frame {
            let image = try backend.makeTensor(Shape(channels: 3, height: 64, width: 128))
            let values = (0..<image.shape.count).map { 0.5 + 0.5 * Float($0 % 128 * 7 % 64) / 64 * phase }
            try values.withUnsafeBufferPointer { try backend.upload($0, to: image) }
            return try network.frame(image, keepsContext: keepsContext)
        }
        func result(keepsContext: Bool) throws -> [Float] {
            let pair = try network.pair(
                frame(0.3, keepsContext: keepsContext), frame(0.4, keepsContext: keepsContext))
            #expect((pair.first.context != nil) == keepsContext)
            let output = try network.interpolate(pair, at: 0.25).output
            var values = [Float](repeating: 0, count: output.shape.count)
            try values.withUnsafeMutableBufferPointer { try backend.download(output, to: $0) }
            return values
        }
        #expect(try result(keepsContext: true) == result(keepsContext: false))
    }
}
