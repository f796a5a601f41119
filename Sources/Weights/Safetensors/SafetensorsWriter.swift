extension WeightDictionary {
    /// How floating-point tensors are stored; integers and booleans always keep their type.
    public enum Precision: Sendable {
        /// Every floating-point element in 32 bits.
        case float32
        /// Tensors of two or more dimensions in 16 bits, vectors and scalars (biases, statistics of
        /// normalisation layers) in 32.
        case float16
    }

    /// Writes a safetensors file beside `path` and renames it once it is complete on disk.
    ///
    /// The same tensors give the same bytes, whatever order they are in: the layout is that of the reference
    /// implementation (wide elements first, then by name), with the metadata sorted by key. Tensors are
    /// decoded and written one by one.
    public func writeSafetensors(
        to path: String, precision: Precision = .float32, metadata: [String: String] = [:]
    ) throws(WeightFileError) {
        let plan = keys.compactMap { key in
            self[key].map { PlannedTensor(key: key, tensor: $0, elementType: precision.elementType(for: $0)) }
        }.sorted()
        let file = try AtomicFile(replacing: path)
        try file.write(Self.header(plan, metadata))
        for entry in plan {
            try entry.write(to: file)
        }
        try file.commit()
    }

    private static func header(_ plan: [PlannedTensor], _ metadata: [String: String]) -> [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map {
                "\(jsonText($0.key)):\(jsonText($0.value))"
            }
            fields.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for entry in plan {
            let end = offset + entry.byteCount
            let shape = entry.tensor.shape.map(String.init).joined(separator: ",")
            fields.append(
                "\(jsonText(entry.key)):{\"dtype\":\"\(entry.elementType.rawValue)\",\"shape\":[\(shape)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var json = Array("{\(fields.joined(separator: ","))}".utf8)
        // Padded so that the data begins at a multiple of eight.
        json.append(contentsOf: repeatElement(0x20, count: -json.count & 7))
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
    }
}

extension WeightDictionary.Precision {
    fileprivate func elementType(for tensor: WeightTensor) -> ElementType {
        guard tensor.elementType.isFloatingPoint else { return tensor.elementType }
        return self == .float16 && tensor.shape.count >= 2 ? .float16 : .float32
    }
}

private struct PlannedTensor: Comparable {
    let key: String
    let tensor: WeightTensor
    let elementType: ElementType

    var byteCount: Int { tensor.count * elementType.byteWidth }

    private var rank: Int { ElementType.allCases.firstIndex(of: elementType) ?? 0 }

    static func < (a: PlannedTensor, b: PlannedTensor) -> Bool {
        a.rank != b.rank ? a.rank > b.rank : a.key.utf8.lexicographicallyPrecedes(b.key.utf8)
    }

    static func == (a: PlannedTensor, b: PlannedTensor) -> Bool { a.key == b.key }

    func write(to file: AtomicFile) throws(WeightFileError) {
        if elementType == tensor.elementType {
            return try tensor.withContiguousBytes { (stored) throws(WeightFileError) in try file.write(stored)
            }
        }
        let values = tensor.floats()
        if elementType == .float16 {
            let halves = values.map(HalfPrecision.narrow)
            let infinity: UInt16 = 0x7c00
            guard !zip(values, halves).contains(where: { $0.isFinite && $1 & 0x7fff == infinity }) else {
                throw WeightFileError(
                    file: file.destination, reason: .outOfRange(key: key, type: elementType))
            }
            try file.write(halves)
        } else {
            try file.write(values)
        }
    }
}

/// A JSON string literal.
private func jsonText(_ text: String) -> String {
    var literal = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": literal += "\\\""
        case "\\": literal += "\\\\"
        case "\u{0}"..<"\u{20}":
            let digits = String(scalar.value, radix: 16)
            literal += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: literal.unicodeScalars.append(scalar)
        }
    }
    return literal + "\""
}
