import Networks
import Pixels
import Tensors

/// How a picture comes to the backend: as samples, where the picture has them and the backend converts them, else as RGB.
struct PictureUpload<B: Backend> {
    /// A padded picture in the backend's memory.
    struct Made: Sendable {
        let picture: B.Tensor
        /// How far the values go beyond black and white, where the backend found out (`SampleConversion`).
        let reach: B.Tensor?
    }

    private let image: RGBImage
    private let padding: Padding
    private let backend: B
    private let samples: (planes: SamplePlanes, conversion: any SampleConversion<B.Tensor>)?

    init(_ image: RGBImage, _ padding: Padding, _ backend: B) {
        (self.image, self.padding, self.backend) = (image, padding, backend)
        samples = image.samples.flatMap { planes in
            guard planes.format.width == image.width, planes.format.height == image.height else { return nil }
            return backend.sampleConversion.map { (planes, $0) }
        }
    }

    /// Tells repeated work of one kind from that of another.
    var name: String { samples.map { " from \($0.planes.format)" } ?? "" }

    /// Lends what `make` uploads.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        if let samples { return try samples.planes.bytes.withUnsafeBytes(body) }
        return try image.values.withUnsafeBytes(body)
    }

    func make(uploading bytes: UnsafeRawBufferPointer) throws -> Made {
        let shape = Shape(channels: 3, height: image.height, width: image.width)
        if let samples {
            let padded = try backend.makeLastingTensor(padding.padded(shape), as: .values)
            let reach = try backend.makeLastingTensor(Shape(channels: 2, height: 1, width: 1), as: .values)
            try samples.conversion.upload(
                bytes, in: samples.planes.format, to: padded, left: padding.left, top: padding.top,
                reach: reach)
            return Made(picture: padded, reach: reach)
        }
        let original = try backend.makeTensor(shape, as: .values)
        try backend.upload(bytes.bindMemory(to: Float.self), to: original)
        let padded = try backend.makeLastingTensor(padding.padded(shape), as: .values)
        backend.padReplicating(original, left: padding.left, top: padding.top, into: padded)
        return Made(picture: padded, reach: nil)
    }

    /// How far the picture goes beyond black and white.
    func range(of made: Made) -> PictureRange<B> {
        made.reach.map { .onDevice($0) } ?? .known(image.values.range(including: 0...1))
    }
}

/// [0, 1], and further where a picture's values are.
enum PictureRange<B: Backend>: Sendable {
    case known(ClosedRange<Float>)
    /// As `SampleConversion` tells it.
    case onDevice(B.Tensor)

    /// Waits for the device where it has to.
    func values(_ backend: B) throws -> ClosedRange<Float> {
        switch self {
        case .known(let range): return range
        case .onDevice(let reach):
            var values = [Float](repeating: 0, count: 2)
            try values.withUnsafeMutableBufferPointer { try backend.download(reach, to: $0) }
            return -values[0]...values[1]
        }
    }
}
