import CPUBackend
import Pixels
import ReferenceBackend
import Synchronization
import Tensors

/// The CPU as a machine that converts samples itself, in plain loops, and counts what is sent to it.
struct ConvertingBackend: Backend {
    final class Counts: Sendable {
        let samplesUploaded = Atomic(0)
        let samplesDownloaded = Atomic(0)
        let valuesUploaded = Atomic(0)

        func reset() {
            samplesUploaded.store(0, ordering: .relaxed)
            samplesDownloaded.store(0, ordering: .relaxed)
            valuesUploaded.store(0, ordering: .relaxed)
        }
    }

    let base = CPUBackend(threads: 2)
    let counts = Counts()

    var profile: Profile? { nil }
    var sampleConversion: (any SampleConversion<CPUTensor>)? { Conversion(base: base, counts: counts) }

    private struct Conversion: SampleConversion {
        let base: CPUBackend
        let counts: Counts

        func upload(
            _ samples: UnsafeRawBufferPointer, in format: SampleFormat, to image: CPUTensor, left: Int,
            top: Int, reach: CPUTensor
        ) throws {
            counts.samplesUploaded.add(1, ordering: .relaxed)
            try ReferenceConversion(base).upload(
                samples, in: format, to: image, left: left, top: top, reach: reach)
        }

        func startDownload(
            _ image: CPUTensor, as format: SampleFormat, within reaches: (first: CPUTensor, second: CPUTensor)
        ) throws -> PendingSamples {
            counts.samplesDownloaded.add(1, ordering: .relaxed)
            return try ReferenceConversion(base).startDownload(image, as: format, within: reaches)
        }
    }

    func upload(_ values: UnsafeBufferPointer<Float>, to tensor: CPUTensor) throws {
        counts.valuesUploaded.add(1, ordering: .relaxed)
        try base.upload(values, to: tensor)
    }

    // MARK: As the CPU

    func makeTensor(_ shape: Shape) throws -> CPUTensor { try base.makeTensor(shape) }

    func download(_ tensor: CPUTensor, to values: UnsafeMutableBufferPointer<Float>) throws {
        try base.download(tensor, to: values)
    }

    func prepare(_ description: ConvolutionDescription, _ weights: ConvolutionWeights) throws
        -> CPUConvolution
    {
        try base.prepare(description, weights)
    }

    func convolve(
        _ input: CPUTensor, with convolution: CPUConvolution, adding residual: CPUTensor?,
        into output: CPUTensor
    ) throws {
        try base.convolve(input, with: convolution, adding: residual, into: output)
    }

    func depthToSpace(_ input: CPUTensor, into output: CPUTensor) { base.depthToSpace(input, into: output) }

    func maxPool(_ input: CPUTensor, into output: CPUTensor) { base.maxPool(input, into: output) }

    func averagePool(_ input: CPUTensor, into output: CPUTensor) { base.averagePool(input, into: output) }

    func addUpsampledNearest(_ input: CPUTensor, to output: CPUTensor) {
        base.addUpsampledNearest(input, to: output)
    }

    func upsampleBilinear(
        _ input: CPUTensor, factor: Int, scale: TimedScale, adding residual: CPUTensor?,
        into output: CPUTensor
    ) {
        base.upsampleBilinear(input, factor: factor, scale: scale, adding: residual, into: output)
    }

    func padReplicating(_ input: CPUTensor, left: Int, top: Int, into output: CPUTensor) {
        base.padReplicating(input, left: left, top: top, into: output)
    }

    func crop(_ input: CPUTensor, left: Int, top: Int, into output: CPUTensor) {
        base.crop(input, left: left, top: top, into: output)
    }

    func copy(_ input: CPUTensor, into output: CPUTensor) { base.copy(input, into: output) }

    func copyRows(_ rows: Range<Int>, of input: CPUTensor, into output: CPUTensor, at row: Int) {
        base.copyRows(rows, of: input, into: output, at: row)
    }

    func correlate(_ first: CPUTensor, _ second: CPUTensor, into output: CPUTensor) {
        base.correlate(first, second, into: output)
    }

    func warpBackward(_ input: CPUTensor, by flow: CPUTensor, scale: Float, into output: CPUTensor) {
        base.warpBackward(input, by: flow, scale: scale, into: output)
    }

    func invertDepth(_ logDepth: CPUTensor, into output: CPUTensor) {
        base.invertDepth(logDepth, into: output)
    }

    func projectFlow(_ flow: CPUTensor, weights: CPUTensor?, into output: CPUTensor) throws {
        try base.projectFlow(flow, weights: weights, into: output)
    }

    func warpAdaptively(
        _ input: CPUTensor, by flow: CPUTensor, taps: CPUTensor, rows: Range<Int>, into output: CPUTensor
    ) throws {
        try base.warpAdaptively(input, by: flow, taps: taps, rows: rows, into: output)
    }

    func blend(_ first: CPUTensor, _ second: CPUTensor, at t: Float, into output: CPUTensor) {
        base.blend(first, second, at: t, into: output)
    }
}
