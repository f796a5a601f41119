/// Reads checkpoints that `torch.save` wrote: a dictionary of tensors, plain or ordered, bare or under
/// "state_dict", with or without the "module." that data-parallel training puts before every key.
enum TorchCheckpoint {
    // MARK: Zip format (torch 1.6 and later)

    /// An archive of PREFIX/data.pkl and PREFIX/data/KEY for each storage; the prefix is "archive" or the
    /// file's name when it was saved.
    static func readZip(_ bytes: WeightBytes) throws(WeightFileError) -> WeightDictionary {
        let archive = try ZipArchive(bytes)
        let pickles = archive.names.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
        guard let name = pickles.first, pickles.count == 1 else {
            throw bytes.unsupported(.torchZip, "\(pickles.count) entries named data.pkl, one expected")
        }
        let prefix = name.dropLast("data.pkl".count)
        if let order = try archive.data(prefix + "byteorder") {
            guard bytes.withUnsafeBytes(in: order, { $0.elementsEqual("little".utf8) }) else {
                throw bytes.unsupported(.torchZip, "a byte order other than little-endian")
            }
        }
        guard let pickle = try archive.data(name) else {
            throw bytes.damaged(.torchZip, "\(quoted(name)) is missing")
        }
        var unpickler = Unpickler(ByteCursor(bytes, in: pickle, format: .torchZip))
        let root = try unpickler.run()
        var located: [String: Range<Int>] = [:]
        for storage in unpickler.storages where located[storage.key] == nil {
            located[storage.key] = try archive.data("\(prefix)data/\(storage.key)")
        }
        return try dictionary(root, of: unpickler, storages: located)
    }

    // MARK: Legacy format (before torch 1.6)

    /// PROTO 2, LONG1 of ten bytes: 0x1950a86a20f9469cfc6c, STOP. The protocol's number is free.
    static func hasLegacyMagic(_ bytes: WeightBytes) -> Bool {
        bytes.hasBytes([PickleOpcode.proto.rawValue]) && bytes.hasBytes(legacyMagic, at: 2)
    }

    private static let legacyMagic: [UInt8] = [
        PickleOpcode.long1.rawValue, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
        PickleOpcode.stop.rawValue,
    ]

    /// Five pickles (magic number, protocol version, system, the object, the keys of its storages) and then
    /// each storage: the number of its elements in eight bytes, and the elements.
    static func readLegacy(_ bytes: WeightBytes) throws(WeightFileError) -> WeightDictionary {
        var magic = Unpickler(ByteCursor(bytes, in: 0..<bytes.count, format: .torchLegacy))
        _ = try magic.run()
        var version = Unpickler(magic.cursor)
        guard case .integer(1001) = try version.run() else {
            throw bytes.unsupported(.torchLegacy, "a protocol version other than 1001")
        }
        var system = Unpickler(version.cursor)
        guard case .dictionary(let index) = try system.run(), isLittleEndian(system.containers[index]) else {
            throw bytes.unsupported(.torchLegacy, "a byte order other than little-endian")
        }
        var object = Unpickler(system.cursor)
        let root = try object.run()
        var keys = Unpickler(object.cursor)
        guard case .list(let list) = try keys.run() else {
            throw bytes.damaged(.torchLegacy, "the list of storages is missing")
        }
        let located = try locate(keys.containers[list], described: object.storages, from: keys.cursor)
        return try dictionary(root, of: object, storages: located)
    }

    private static func isLittleEndian(_ items: [PickleValue]) -> Bool {
        for index in stride(from: 0, to: items.count - 1, by: 2) {
            if case .string("little_endian") = items[index], case .boolean(let answer) = items[index + 1] {
                return answer
            }
        }
        return false
    }

    /// Finds the elements of each storage, which follow one another in the order of `keys`.
    private static func locate(
        _ keys: [PickleValue], described storages: [TorchStorage], from start: ByteCursor
    ) throws(WeightFileError) -> [String: Range<Int>] {
        var cursor = start
        let bytes = start.bytes
        let elementTypes = Dictionary(
            storages.map { ($0.key, $0.elementType) }, uniquingKeysWith: { first, _ in first })
        var located: [String: Range<Int>] = [:]
        for value in keys {
            guard case .string(let key) = value, let elementType = elementTypes[key] else {
                throw bytes.damaged(.torchLegacy, "a storage that no tensor refers to")
            }
            let count = try cursor.read(UInt64.self)
            let (byteCount, overflow) = count.multipliedReportingOverflow(by: UInt64(elementType.byteWidth))
            let range = try cursor.take(overflow ? .max : byteCount)
            guard located.updateValue(range, forKey: key) == nil else {
                throw bytes.damaged(.torchLegacy, "the storage \(quoted(key)) occurs twice")
            }
        }
        guard cursor.remaining == 0 else {
            throw bytes.damaged(.torchLegacy, "\(cursor.remaining) bytes after the last storage")
        }
        return located
    }

    // MARK: Both formats

    private static func dictionary(
        _ root: PickleValue, of pickle: Unpickler, storages: [String: Range<Int>]
    ) throws(WeightFileError) -> WeightDictionary {
        let (bytes, format) = (pickle.cursor.bytes, pickle.cursor.format)
        var entries: [(key: String, tensor: WeightTensor)] = []
        for (key, value) in try stateDictionary(root, of: pickle) {
            guard case .tensor(let index) = value else {
                throw bytes.unsupported(format, "the entry \(quoted(key)) is not a tensor")
            }
            let tensor = pickle.tensors[index]
            let elementType = tensor.storage.elementType
            guard let range = storages[tensor.storage.key] else {
                throw bytes.damaged(format, "the data of \(quoted(key)) are missing")
            }
            guard storedByteCount([tensor.storage.count], elementType) == range.count else {
                throw bytes.damaged(format, "the data of \(quoted(key)) take \(range.count) bytes")
            }
            entries.append(
                (
                    key,
                    WeightTensor(
                        bytes, offset: range.lowerBound + tensor.offset * elementType.byteWidth,
                        elementType: elementType, shape: tensor.shape, strides: tensor.strides)
                ))
        }
        guard let dictionary = WeightDictionary(withoutModulePrefix(entries)) else {
            throw bytes.damaged(format, "a key occurs twice")
        }
        return dictionary
    }

    /// The items of the root, or of the dictionary that it holds under "state_dict".
    private static func stateDictionary(
        _ root: PickleValue, of pickle: Unpickler
    ) throws(WeightFileError) -> [(key: String, value: PickleValue)] {
        let outer = try items(root, of: pickle)
        guard let wrapped = outer.first(where: { $0.key == "state_dict" }), case .dictionary = wrapped.value
        else {
            return outer
        }
        return try items(wrapped.value, of: pickle)
    }

    private static func items(
        _ value: PickleValue, of pickle: Unpickler
    ) throws(WeightFileError) -> [(key: String, value: PickleValue)] {
        let (bytes, format) = (pickle.cursor.bytes, pickle.cursor.format)
        guard case .dictionary(let index) = value else {
            throw bytes.unsupported(format, "its content is not a dictionary of tensors")
        }
        let flat = pickle.containers[index]
        var items: [(key: String, value: PickleValue)] = []
        for position in stride(from: 0, to: flat.count, by: 2) {
            guard case .string(let key) = flat[position] else {
                throw bytes.unsupported(format, "a key that is not text")
            }
            items.append((key, flat[position + 1]))
        }
        return items
    }

    private static func withoutModulePrefix(
        _ entries: [(key: String, tensor: WeightTensor)]
    ) -> [(key: String, tensor: WeightTensor)] {
        let prefix = "module."
        guard entries.allSatisfy({ $0.key.hasPrefix(prefix) }) else { return entries }
        return entries.map { (String($0.key.dropFirst(prefix.count)), $0.tensor) }
    }
}
