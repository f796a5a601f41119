import Networks
import Tensors

extension Backend {
    /// An image of these values, padded.
    package func image(_ values: [Float], _ shape: Shape, _ padding: Padding) throws -> Tensor {
        let image = try makeTensor(shape, as: .values)
        try values.withUnsafeBufferPointer { try upload($0, to: image) }
        let padded = try makeTensor(
            Shape(
                channels: shape.channels, height: shape.height + padding.top + padding.bottom,
                width: shape.width + padding.left + padding.right), as: .values)
        padReplicating(image, left: padding.left, top: padding.top, into: padded)
        return padded
    }

    /// All values of a tensor.
    package func values(of tensor: Tensor) throws -> [Float] {
        var values = [Float](repeating: .nan, count: tensor.shape.count)
        try values.withUnsafeMutableBufferPointer { try download(tensor, to: $0) }
        return values
    }

    /// The values of an image without its padding.
    package func values(of tensor: Tensor, _ shape: Shape, without padding: Padding) throws -> [Float] {
        let image = try makeTensor(shape, as: .values)
        crop(tensor, left: padding.left, top: padding.top, into: image)
        return try values(of: image)
    }
}
