import CCUDA
import Pixels
import Tensors

extension CUDABackend: SampleConversion {
    public var sampleConversion: (any SampleConversion<CUDATensor>)? { self }

    public func upload(
        _ samples: UnsafeRawBufferPointer, in format: SampleFormat, to image: CUDATensor, left: Int, top: Int,
        reach: CUDATensor
    ) throws {
        precondition(samples.count == format.byteCount && reach.shape.count == 2, "a picture and its reach")
        let layout = try sampleLayouts.layout(of: format, pool: pool)
        let copy = try deviceCopy(of: samples)
        for (channel, start) in [Float(0), 1].enumerated() {
            try device.call("cuMemsetD32Async") {
                $0.memset32(
                    reach.address + CUdeviceptr(4 * channel), start.bitPattern, 1, device.stream)
            }
        }
        try device.launch(
            "from_samples", threads: image.shape.planeCount,
            [
                .address(layout.address), .address(copy.address), .integer(left), .integer(top),
                .tensor(image.onDevice), .address(reach.address),
            ])
    }

    public func startDownload(
        _ image: CUDATensor, as format: SampleFormat, within reaches: (first: CUDATensor, second: CUDATensor)
    ) throws -> PendingSamples {
        precondition(
            image.shape == Shape(channels: 3, height: format.height, width: format.width), "a picture")
        let layout = try sampleLayouts.layout(of: format, pool: pool)
        let count = format.width * format.height
        let chroma = try pool.allocate(2 * count * 2)
        let samples = try pool.allocate(format.byteCount)
        try device.launch(
            "to_samples", threads: count,
            [
                .address(layout.address), .tensor(image.onDevice), .address(reaches.first.address),
                .address(reaches.second.address), .address(chroma.address), .address(samples.address),
            ])
        try device.launch(
            "chroma_to_samples", threads: 2 * format.chromaWidth * format.chromaHeight,
            [.address(layout.address), .address(chroma.address), .address(samples.address)])
        let place = try pinned.start(samples.address, bytes: format.byteCount)
        return PendingSamples { [pinned, samples] in
            // The copy reads them until it is finished.
            defer { withExtendedLifetime(samples) {} }
            return try pinned.finish(place) { bytes in
                SamplePlanes(format: format) {
                    $0.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: format.byteCount))
                }
            }
        }
    }
}
