/// The directory of a safetensors file: a JSON object of one level, read strictly.
///
/// Foundation's JSON readers keep neither the order of keys nor duplicates, and nest without need. This
/// reader accepts exactly what the format defines, an object of tensors and one of text, and does not
/// recurse.
struct SafetensorsHeader {
    struct Entry {
        let name: String
        let elementType: ElementType
        let shape: [Int]
        /// In bytes from the start of the data.
        let dataRange: Range<Int>
    }

    private(set) var entries: [Entry] = []
    private(set) var metadata: [String: String] = [:]

    /// More dimensions than any framework allows.
    private static let maximumRank = 64

    /// Reads the header that fills the rest of `cursor`.
    init(_ cursor: ByteCursor) throws(WeightFileError) {
        var json = JSONScanner(cursor)
        var hasMetadata = false
        try json.object { (key, json) throws(WeightFileError) in
            if key == "__metadata__" {
                guard !hasMetadata else { throw json.damaged("__metadata__ occurs twice") }
                hasMetadata = true
                try self.readMetadata(&json)
            } else {
                try self.entries.append(Self.entry(key, &json))
            }
        }
        try json.expectEnd()
    }

    private mutating func readMetadata(_ json: inout JSONScanner) throws(WeightFileError) {
        try json.object { (key, json) throws(WeightFileError) in
            guard self.metadata.updateValue(try json.string(), forKey: key) == nil else {
                throw json.damaged("the metadata \(quoted(key)) occurs twice")
            }
        }
    }

    private static func entry(_ name: String, _ json: inout JSONScanner) throws(WeightFileError) -> Entry {
        var typeName: String?
        var shape: [Int]?
        var offsets: [Int]?
        try json.object { (field, json) throws(WeightFileError) in
            switch field {
            case "dtype" where typeName == nil: typeName = try json.string()
            case "shape" where shape == nil: shape = try json.integers(atMost: maximumRank)
            case "data_offsets" where offsets == nil: offsets = try json.integers(atMost: 2)
            default: throw json.damaged("tensor \(quoted(name)) has an unexpected \(quoted(field))")
            }
        }
        guard let typeName, let shape, let offsets, offsets.count == 2 else {
            throw json.damaged("tensor \(quoted(name)) lacks its dtype, shape or two data_offsets")
        }
        guard let elementType = ElementType(rawValue: typeName) else {
            throw json.cursor.bytes.unsupported(
                .safetensors, "tensor \(quoted(name)) has elements of type \(quoted(typeName))")
        }
        guard offsets[0] <= offsets[1] else {
            throw json.damaged("tensor \(quoted(name)) ends before it begins")
        }
        let stated = offsets[1] - offsets[0]
        guard storedByteCount(shape, elementType) == stated else {
            throw json.damaged(
                "tensor \(quoted(name)) of shape \(shape) and type \(typeName) has \(stated) bytes of data")
        }
        return Entry(
            name: name, elementType: elementType, shape: shape, dataRange: offsets[0]..<offsets[1])
    }
}

/// The bytes that a contiguous tensor takes; nil where that is more than an `Int` holds.
func storedByteCount(_ shape: [Int], _ elementType: ElementType) -> Int? {
    var total = elementType.byteWidth
    for size in shape {
        let (product, overflow) = total.multipliedReportingOverflow(by: size)
        if overflow { return nil }
        total = product
    }
    return total
}
