/// The samples of a picture, as `SampleFormat` orders them.
public struct SamplePlanes: Sendable {
    public let format: SampleFormat
    public let bytes: [UInt8]

    /// `bytes` must be as many as the format says.
    public init(format: SampleFormat, bytes: [UInt8]) {
        precondition(bytes.count == format.byteCount, "the samples of a picture")
        (self.format, self.bytes) = (format, bytes)
    }

    /// Samples that `fill` writes; it gets the memory uninitialised and must write all of it.
    public init(format: SampleFormat, filledBy fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows
    {
        self.format = format
        let count = format.byteCount
        bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            try fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
            initialized = count
        }
    }
}
