/// The safetensors format: eight bytes of header length, a JSON header, the tensors' data without gaps.
/// <https://github.com/huggingface/safetensors>
enum Safetensors {
    static let headerOffset = 8
    /// The reference implementation's limit; a larger number can only come from damage.
    private static let maximumHeaderLength = 100_000_000

    static func read(_ bytes: WeightBytes) throws(WeightFileError) -> WeightDictionary {
        var cursor = ByteCursor(bytes, in: 0..<bytes.count, format: .safetensors)
        let headerLength = try cursor.read(UInt64.self)
        guard headerLength <= maximumHeaderLength, headerLength <= cursor.remaining else {
            throw bytes.damaged(
                .safetensors, "a header of \(headerLength) bytes in a file of \(bytes.count) bytes")
        }
        let headerRange = try cursor.take(headerLength)
        let header = try SafetensorsHeader(ByteCursor(bytes, in: headerRange, format: .safetensors))
        try checkLayout(header.entries, dataCount: cursor.remaining, of: bytes)
        let tensors = header.entries.map { entry in
            (
                key: entry.name,
                tensor: WeightTensor(
                    bytes, offset: headerRange.upperBound + entry.dataRange.lowerBound,
                    elementType: entry.elementType, shape: entry.shape)
            )
        }
        guard let dictionary = WeightDictionary(tensors, metadata: header.metadata) else {
            throw bytes.damaged(.safetensors, "a tensor's name occurs twice")
        }
        return dictionary
    }

    /// The format allows neither gaps nor overlaps, nor data after the last tensor.
    private static func checkLayout(
        _ entries: [SafetensorsHeader.Entry], dataCount: Int, of bytes: WeightBytes
    ) throws(WeightFileError) {
        var end = 0
        let inFileOrder = entries.sorted {
            ($0.dataRange.lowerBound, $0.dataRange.upperBound) < (
                $1.dataRange.lowerBound, $1.dataRange.upperBound
            )
        }
        for entry in inFileOrder {
            guard entry.dataRange.lowerBound == end else {
                throw bytes.damaged(
                    .safetensors,
                    "the data of \(quoted(entry.name)) begins at \(entry.dataRange.lowerBound), not at \(end)"
                )
            }
            end = entry.dataRange.upperBound
        }
        guard end == dataCount else {
            throw bytes.damaged(.safetensors, "\(end) bytes of data announced, \(dataCount) found")
        }
    }
}
