import Pixels

/// Conversion between a picture's samples and the network's RGB, for machines to which samples are sent as they are.
///
/// A `reach` is a tensor of values, `[2, 1, 1]`: how far below 0 a picture's values go, and its greatest value, or 1 if that is
/// greater.
public protocol SampleConversion<Tensor>: Sendable {
    associatedtype Tensor: BackendTensor

    /// Uploads a picture's samples and writes its RGB.
    ///
    /// - Parameters:
    ///   - samples: All of the format's samples; what `repeating` is told to upload, inside of it.
    ///   - image: `[3, H, W]`, into which the picture fits. Its first pixel comes to (left, top), and its border is repeated outwards.
    func upload(
        _ samples: UnsafeRawBufferPointer, in format: SampleFormat, to image: Tensor, left: Int, top: Int,
        reach: Tensor
    ) throws

    /// Begins to bring an image of the format's size to the host as samples, and does not wait for the work that it depends on.
    /// Its values are brought into the range that the reaches make up together.
    func startDownload(
        _ image: Tensor, as format: SampleFormat, within reaches: (first: Tensor, second: Tensor)
    ) throws -> PendingSamples
}

/// Samples on their way to the host.
public struct PendingSamples: Sendable {
    private let finish: @Sendable () throws -> SamplePlanes

    /// - Parameter finish: Waits for the samples.
    public init(_ finish: @escaping @Sendable () throws -> SamplePlanes) { self.finish = finish }

    /// Waits for the samples, from any thread, once.
    public func planes() throws -> SamplePlanes { try finish() }
}
