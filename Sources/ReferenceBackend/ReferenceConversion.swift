import Pixels
import Tensors

/// The conversion of samples for any backend, on the host and in plain loops.
public struct ReferenceConversion<B: Backend>: SampleConversion {
    private let backend: B

    public init(_ backend: B) { self.backend = backend }

    public func upload(
        _ samples: UnsafeRawBufferPointer, in format: SampleFormat, to image: B.Tensor, left: Int, top: Int,
        reach: B.Tensor
    ) throws {
        let values = ReferenceSamples.rgb(of: SamplePlanes(format: format, bytes: Array(samples)))
        let picture = try backend.makeTensor(
            Shape(channels: 3, height: format.height, width: format.width), as: .values)
        try values.withUnsafeBufferPointer { try backend.upload($0, to: picture) }
        backend.padReplicating(picture, left: left, top: top, into: image)
        let limits = [values.reduce(0) { max($0, -$1) }, values.reduce(1) { max($0, $1) }]
        try limits.withUnsafeBufferPointer { try backend.upload($0, to: reach) }
    }

    public func startDownload(
        _ image: B.Tensor, as format: SampleFormat, within reaches: (first: B.Tensor, second: B.Tensor)
    ) throws -> PendingSamples {
        func values(_ tensor: B.Tensor) throws -> [Float] {
            var values = [Float](repeating: .nan, count: tensor.shape.count)
            try values.withUnsafeMutableBufferPointer { try backend.download(tensor, to: $0) }
            return values
        }
        let (first, second) = (try values(reaches.first), try values(reaches.second))
        let range = -max(first[0], second[0])...max(first[1], second[1])
        let planes = ReferenceSamples.planes(of: try values(image), as: format, within: range)
        return PendingSamples { planes }
    }
}
