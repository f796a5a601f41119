/// Reads one pickle without ever running anything.
///
/// A pickle is a program for a stack machine that can call any function of Python. This machine knows the
/// opcodes of `PickleOpcode`, the names of `TorchGlobal` and what these few do to data, and refuses the
/// rest. It does not recurse, and its memory is bounded by the number of operations, which is limited,
/// and by the bytes of the file: no number in the file makes it allocate.
struct Unpickler {
    /// Far above what a checkpoint needs: some sixty operations for each tensor.
    private static let maximumOperations = 1 << 20

    private(set) var cursor: ByteCursor
    private(set) var containers: [[PickleValue]] = []
    private(set) var tensors: [TorchTensor] = []
    private(set) var storages: [TorchStorage] = []
    private var stack: [PickleValue] = []
    /// Heights of the stack at the marks that are open.
    private var marks: [Int] = []
    private var memo: [UInt32: PickleValue] = [:]
    /// Where the operation at work begins.
    private var offset = 0

    init(_ cursor: ByteCursor) { self.cursor = cursor }

    /// Runs to the end of the pickle that begins at the cursor and returns its value.
    mutating func run() throws(WeightFileError) -> PickleValue {
        for _ in 0..<Self.maximumOperations {
            offset = cursor.position
            let byte = try cursor.read(UInt8.self)
            guard let opcode = PickleOpcode(rawValue: byte) else {
                throw refused(PickleOpcode.refusedName(byte))
            }
            if opcode == .stop {
                let value = try pop()
                guard stack.isEmpty, marks.isEmpty else { throw damaged("values left over at its end") }
                return value
            }
            try execute(opcode)
        }
        throw refused("more than \(Self.maximumOperations) operations")
    }

    private mutating func execute(_ opcode: PickleOpcode) throws(WeightFileError) {
        switch opcode {
        case .stop: break
        case .proto: try readProtocol()
        // Frames only help readers that fetch ahead.
        case .frame: _ = try cursor.read(UInt64.self)
        case .mark: marks.append(stack.count)

        case .none: stack.append(.none)
        case .newTrue: stack.append(.boolean(true))
        case .newFalse: stack.append(.boolean(false))
        case .integer1: stack.append(.integer(Int64(try cursor.read(UInt8.self))))
        case .integer2: stack.append(.integer(Int64(try cursor.read(UInt16.self))))
        case .integer4: stack.append(.integer(Int64(try cursor.read(Int32.self))))
        case .long1: try readLong()
        case .float8:
            let bits = UInt64(bigEndian: UInt64(littleEndian: try cursor.read(UInt64.self)))
            stack.append(.float(Double(bitPattern: bits)))
        case .string1, .unicode1: try readText(UInt64(try cursor.read(UInt8.self)))
        case .string4, .unicode4: try readText(UInt64(try cursor.read(UInt32.self)))
        case .unicode8: try readText(try cursor.read(UInt64.self))

        case .emptyTuple: stack.append(.tuple(newContainer([])))
        case .tuple: try makeTuple(popToMark())
        case .tuple1: try makeTuple(pop(1))
        case .tuple2: try makeTuple(pop(2))
        case .tuple3: try makeTuple(pop(3))
        case .emptyList: stack.append(.list(newContainer([])))
        case .append: try extendList(pop(1))
        case .appends: try extendList(popToMark())
        case .emptyDictionary: stack.append(.dictionary(newContainer([])))
        case .setItem: try extendDictionary(pop(2))
        case .setItems: try extendDictionary(popToMark())

        case .put1: memo[UInt32(try cursor.read(UInt8.self))] = try top()
        case .put4: memo[try cursor.read(UInt32.self)] = try top()
        case .memoize: memo[UInt32(memo.count)] = try top()
        case .get1: try recall(UInt32(try cursor.read(UInt8.self)))
        case .get4: try recall(try cursor.read(UInt32.self))

        case .global: try pushGlobal(module: cursor.readLine(), name: cursor.readLine())
        case .stackGlobal:
            let names = try pop(2)
            guard case .string(let module) = names[0], case .string(let name) = names[1] else {
                throw damaged("a global without a name")
            }
            try pushGlobal(module: module, name: name)
        case .reduce: try reduce()
        case .build: try build()
        case .persistentID: try makeStorage()
        }
    }

    // MARK: Values

    private mutating func readProtocol() throws(WeightFileError) {
        let version = try cursor.read(UInt8.self)
        guard (2...5).contains(version) else { throw refused("pickle protocol \(version)") }
    }

    private mutating func readLong() throws(WeightFileError) {
        let range = try cursor.take(Int(try cursor.read(UInt8.self)))
        guard range.count <= 8 else { return stack.append(.longInteger(range)) }
        let value = cursor.bytes.withUnsafeBytes(in: range) { bytes in
            // From the most significant byte down, which carries the sign.
            bytes.reversed().enumerated().reduce(Int64(0)) { value, byte in
                byte.offset == 0 ? Int64(Int8(bitPattern: byte.element)) : value << 8 | Int64(byte.element)
            }
        }
        stack.append(.integer(value))
    }

    private mutating func readText(_ count: UInt64) throws(WeightFileError) {
        stack.append(.string(try cursor.readString(count)))
    }

    private mutating func pushGlobal(module: String, name: String) throws(WeightFileError) {
        guard let global = TorchGlobal(module: module, name: name) else {
            throw WeightFileError(
                file: cursor.bytes.name, reason: .refusedGlobal(name: "\(module).\(name)", offset: offset))
        }
        stack.append(.global(global))
    }

    // MARK: Stack, memo and containers

    private func top() throws(WeightFileError) -> PickleValue {
        guard let value = stack.last, stack.count > marks.last ?? 0 else { throw damaged("an empty stack") }
        return value
    }

    private mutating func pop() throws(WeightFileError) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    private mutating func pop(_ count: Int) throws(WeightFileError) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw damaged("an empty stack") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(WeightFileError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw damaged("no mark") }
        return try pop(stack.count - mark)
    }

    private mutating func recall(_ key: UInt32) throws(WeightFileError) {
        guard let value = memo[key] else { throw damaged("nothing memorised under \(key)") }
        stack.append(value)
    }

    private mutating func newContainer(_ elements: [PickleValue]) -> Int {
        containers.append(elements)
        return containers.count - 1
    }

    private mutating func makeTuple(_ elements: [PickleValue]) {
        stack.append(.tuple(newContainer(elements)))
    }

    private mutating func extendList(_ elements: [PickleValue]) throws(WeightFileError) {
        guard case .list(let index) = try top() else {
            throw damaged("elements for something else than a list")
        }
        containers[index].append(contentsOf: elements)
    }

    private mutating func extendDictionary(_ elements: [PickleValue]) throws(WeightFileError) {
        guard case .dictionary(let index) = try top(), elements.count.isMultiple(of: 2) else {
            throw damaged("items for something else than a dictionary")
        }
        containers[index].append(contentsOf: elements)
    }

    // MARK: Torch's objects

    private mutating func reduce() throws(WeightFileError) {
        let operands = try pop(2)
        guard case .global(let function) = operands[0] else {
            throw refused("REDUCE of something without a name")
        }
        guard case .tuple(let index) = operands[1] else { throw damaged("a call without arguments") }
        let arguments = containers[index]
        switch function {
        case .orderedDict:
            guard arguments.isEmpty else { throw refused("an OrderedDict built from arguments") }
            stack.append(.dictionary(newContainer([])))
        case .rebuildTensor: try makeTensor(arguments)
        case .rebuildParameter:
            guard case .tensor(let tensor)? = arguments.first, (2...3).contains(arguments.count) else {
                throw damaged("a parameter without a tensor")
            }
            stack.append(.tensor(tensor))
        case .storage: throw refused("REDUCE of a storage class")
        }
    }

    /// A module's `state_dict` carries its version numbers as an attribute, which nobody needs here.
    private mutating func build() throws(WeightFileError) {
        guard case .dictionary = try pop(), case .dictionary = try top() else {
            throw refused("BUILD of something else than a dictionary")
        }
    }

    /// Arguments: ('storage', class, key, device, number of elements[, None]).
    private mutating func makeStorage() throws(WeightFileError) {
        guard case .tuple(let index) = try pop() else { throw damaged("a storage without a description") }
        var fields = containers[index]
        if fields.count == 6 {
            guard case .none = fields[5] else {
                throw refused("a view of a storage, as torch before 0.4 wrote")
            }
            fields.removeLast()
        }
        guard fields.count == 5, case .string("storage") = fields[0], case .global(let kind) = fields[1],
            case .storage(let elementType) = kind, case .string(let key) = fields[2],
            case .string = fields[3], let count = natural(fields[4])
        else { throw damaged("a storage's description is incomplete") }
        storages.append(TorchStorage(key: key, elementType: elementType, count: count))
        stack.append(.storage(storages.count - 1))
    }

    /// Arguments: (storage, offset, shape, strides, requires_grad, hooks[, metadata]).
    private mutating func makeTensor(_ arguments: [PickleValue]) throws(WeightFileError) {
        guard (6...7).contains(arguments.count), case .storage(let storage) = arguments[0],
            let offset = natural(arguments[1]), let shape = naturals(arguments[2]),
            let strides = naturals(arguments[3]), shape.count == strides.count, shape.count <= 64
        else { throw damaged("a tensor's description is incomplete") }
        let tensor = TorchTensor(storage: storages[storage], offset: offset, shape: shape, strides: strides)
        guard tensor.fitsItsStorage else {
            throw damaged("a tensor of shape \(shape) reaches beyond its storage")
        }
        tensors.append(tensor)
        stack.append(.tensor(tensors.count - 1))
    }

    private func natural(_ value: PickleValue) -> Int? {
        guard case .integer(let number) = value, number >= 0 else { return nil }
        return Int(number)
    }

    private func naturals(_ value: PickleValue) -> [Int]? {
        guard case .tuple(let index) = value else { return nil }
        let numbers = containers[index].compactMap(natural)
        return numbers.count == containers[index].count ? numbers : nil
    }

    // MARK: Errors

    private func damaged(_ detail: String) -> WeightFileError {
        cursor.bytes.damaged(cursor.format, "the pickle has \(detail) at byte \(offset)")
    }

    private func refused(_ operation: String) -> WeightFileError {
        WeightFileError(file: cursor.bytes.name, reason: .refusedOperation(name: operation, offset: offset))
    }
}

extension TorchTensor {
    /// Whether every element lies within the storage. A tensor of more elements than its storage (an
    /// expanded one) does not count as fitting: a few bytes could claim any amount of memory.
    fileprivate var fitsItsStorage: Bool {
        var count = 1
        var last = offset
        for (size, stride) in zip(shape, strides) {
            if size == 0 { return offset <= storage.count }
            let (steps, stepsOverflow) = (size - 1).multipliedReportingOverflow(by: size == 1 ? 0 : stride)
            let (end, endOverflow) = last.addingReportingOverflow(steps)
            let (product, productOverflow) = count.multipliedReportingOverflow(by: size)
            guard !stepsOverflow, !endOverflow, !productOverflow else { return false }
            (last, count) = (end, product)
        }
        return last < storage.count && count <= storage.count
    }
}
