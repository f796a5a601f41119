/// What an unpickler has on its stack. Containers, storages and tensors are indices into the unpickler's
/// lists: values are small, shared containers cost nothing, and neither cycles nor deep nesting can make the
/// release of a value recurse.
enum PickleValue {
    case none
    case boolean(Bool)
    case integer(Int64)
    /// An integer of more than eight bytes: where its little-endian bytes lie in the file.
    case longInteger(Range<Int>)
    case float(Double)
    case string(String)
    case tuple(Int)
    case list(Int)
    /// Keys and values alternate in the container.
    case dictionary(Int)
    case global(TorchGlobal)
    case storage(Int)
    case tensor(Int)
}

/// The functions and classes that a dictionary of tensors refers to. None of them is ever called: the
/// unpickler does what they would do.
enum TorchGlobal {
    case orderedDict
    case rebuildTensor
    case rebuildParameter
    case storage(ElementType)

    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDict
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", "BoolStorage"): self = .storage(.bool)
        case ("torch", "ByteStorage"): self = .storage(.uint8)
        case ("torch", "CharStorage"): self = .storage(.int8)
        case ("torch", "ShortStorage"): self = .storage(.int16)
        case ("torch", "HalfStorage"): self = .storage(.float16)
        case ("torch", "BFloat16Storage"): self = .storage(.bfloat16)
        case ("torch", "IntStorage"): self = .storage(.int32)
        case ("torch", "FloatStorage"): self = .storage(.float32)
        case ("torch", "DoubleStorage"): self = .storage(.float64)
        case ("torch", "LongStorage"): self = .storage(.int64)
        default: return nil
        }
    }
}

/// A storage as a pickle refers to it: the elements themselves lie elsewhere in the file, under `key`.
struct TorchStorage {
    let key: String
    let elementType: ElementType
    let count: Int
}

/// A view of a storage; offset and strides count elements and are not negative.
struct TorchTensor {
    let storage: TorchStorage
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}
