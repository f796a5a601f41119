/// One tensor of a file of weights, decoded on demand.
public struct WeightTensor: Sendable {
    /// Outermost dimension first, for instance [out, in, height, width]; empty for a scalar.
    public let shape: [Int]
    /// The product of `shape`; 1 for a scalar.
    public let count: Int
    /// How the file stores the elements.
    public let elementType: ElementType
    private let bytes: WeightBytes
    /// Where element zero lies, in bytes from the start of `bytes`.
    private let offset: Int
    /// Elements from one index to the next, per dimension; nil where the tensor is contiguous.
    private let strides: [Int]?

    /// A view of stored elements. The caller has checked that every element lies within `bytes` and that
    /// the product of `shape` is an `Int`.
    init(_ bytes: WeightBytes, offset: Int, elementType: ElementType, shape: [Int], strides: [Int]? = nil) {
        self.bytes = bytes
        self.offset = offset
        self.elementType = elementType
        self.shape = shape
        count = shape.reduce(1, *)
        // A dimension of one element never steps, whatever stride the file states for it.
        let steps = strides.map { zip(shape, $0).map { $0 == 1 ? 0 : $1 } }
        self.strides = count == 0 || steps == Self.contiguousSteps(shape) ? nil : steps
    }

    /// The steps of a row-major layout without gaps; 0 for dimensions of one element. No size may be 0: the
    /// others are unbounded then.
    private static func contiguousSteps(_ shape: [Int]) -> [Int] {
        var step = 1
        var steps: [Int] = []
        for size in shape.reversed() {
            steps.append(size == 1 ? 0 : step)
            step *= size
        }
        return steps.reversed()
    }

    /// A tensor of values in memory; `values.count` must be the product of `shape`.
    public init(shape: [Int], values: [Float]) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
        let copy = values.withUnsafeBytes { WeightBytes([UInt8]($0), name: "memory") }
        self.init(copy, offset: 0, elementType: .float32, shape: shape)
    }

    /// All elements as floats, row-major. Integers become the nearest float, booleans 0 or 1.
    public func floats() -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            decode(into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialized = count
        }
    }

    /// Writes all elements as floats, row-major. `destination` must have room for exactly `count`.
    public func decode(into destination: UnsafeMutableBufferPointer<Float>) {
        precondition(destination.count == count, "\(count) elements decode into \(destination.count)")
        withContiguousBytes { source in
            switch elementType {
            case .float32: UnsafeMutableRawBufferPointer(destination).copyMemory(from: source)
            case .float16: HalfPrecision.widen(source, into: destination)
            case .bfloat16:
                Self.convert(source, UInt16.self, into: destination) { Float(bitPattern: UInt32($0) << 16) }
            case .float64: Self.convert(source, Double.self, into: destination) { Float($0) }
            case .int64: Self.convert(source, Int64.self, into: destination) { Float($0) }
            case .int32: Self.convert(source, Int32.self, into: destination) { Float($0) }
            case .int16: Self.convert(source, Int16.self, into: destination) { Float($0) }
            case .int8: Self.convert(source, Int8.self, into: destination) { Float($0) }
            case .uint8: Self.convert(source, UInt8.self, into: destination) { Float($0) }
            case .bool: Self.convert(source, UInt8.self, into: destination) { $0 == 0 ? 0 : 1 }
            }
        }
    }

    /// All elements exactly, row-major; nil where the elements are floating-point numbers.
    public func integers() -> [Int64]? {
        withContiguousBytes { source in
            switch elementType {
            case .int64: Self.integers(source, Int64.self)
            case .int32: Self.integers(source, Int32.self)
            case .int16: Self.integers(source, Int16.self)
            case .int8: Self.integers(source, Int8.self)
            case .uint8, .bool: Self.integers(source, UInt8.self)
            case .float16, .bfloat16, .float32, .float64: nil
            }
        }
    }

    /// The elements as stored, row-major without gaps; the pointer is valid within `body` only.
    func withContiguousBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let strides else {
            return try bytes.withUnsafeBytes(in: offset..<offset + count * elementType.byteWidth, body)
        }
        return try gather(strides).withUnsafeBytes(body)
    }

    private func gather(_ strides: [Int]) -> WeightBytes {
        let width = elementType.byteWidth
        let gathered = [UInt8](unsafeUninitializedCapacity: count * width) { output, initialized in
            bytes.withUnsafeBytes { input in
                var index = [Int](repeating: 0, count: shape.count)
                var source = offset
                for element in 0..<count {
                    for byte in 0..<width { output[element * width + byte] = input[source + byte] }
                    for dimension in shape.indices.reversed() {
                        index[dimension] += 1
                        source += strides[dimension] * width
                        if index[dimension] < shape[dimension] { break }
                        source -= strides[dimension] * width * shape[dimension]
                        index[dimension] = 0
                    }
                }
            }
            initialized = count * width
        }
        return WeightBytes(gathered, name: bytes.name)
    }

    @inline(__always)
    private static func convert<Element: BitwiseCopyable>(
        _ source: UnsafeRawBufferPointer, _ type: Element.Type,
        into destination: UnsafeMutableBufferPointer<Float>, _ conversion: (Element) -> Float
    ) {
        let width = MemoryLayout<Element>.size
        for index in destination.indices {
            destination[index] = conversion(source.loadUnaligned(fromByteOffset: index * width, as: type))
        }
    }

    private static func integers<Element: FixedWidthInteger & BitwiseCopyable>(
        _ source: UnsafeRawBufferPointer, _ type: Element.Type
    ) -> [Int64] {
        let width = MemoryLayout<Element>.size
        return (0..<source.count / width).map {
            Int64(source.loadUnaligned(fromByteOffset: $0 * width, as: type))
        }
    }
}
