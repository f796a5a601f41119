/// The opcodes of the pickle formats 2 to 5 that a dictionary of tensors needs. The others, among them all
/// that call constructors, look up extensions or speak protocol 0, are refused.
enum PickleOpcode: UInt8 {
    case proto = 0x80
    case frame = 0x95
    case stop = 0x2e
    case mark = 0x28

    case none = 0x4e
    case newTrue = 0x88
    case newFalse = 0x89
    case integer4 = 0x4a
    case integer1 = 0x4b
    case integer2 = 0x4d
    case long1 = 0x8a
    case float8 = 0x47
    case string1 = 0x55
    case string4 = 0x54
    case unicode1 = 0x8c
    case unicode4 = 0x58
    case unicode8 = 0x8d

    case emptyTuple = 0x29
    case tuple = 0x74
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case emptyList = 0x5d
    case append = 0x61
    case appends = 0x65
    case emptyDictionary = 0x7d
    case setItem = 0x73
    case setItems = 0x75

    case put1 = 0x71
    case put4 = 0x72
    case memoize = 0x94
    case get1 = 0x68
    case get4 = 0x6a

    case global = 0x63
    case stackGlobal = 0x93
    case reduce = 0x52
    case build = 0x62
    case persistentID = 0x51

    /// What Python calls the opcode `byte` of those that are refused; its number where Python knows none.
    static func refusedName(_ byte: UInt8) -> String {
        switch byte {
        case 0x69: "INST"
        case 0x6f: "OBJ"
        case 0x81: "NEWOBJ"
        case 0x92: "NEWOBJ_EX"
        case 0x82: "EXT1"
        case 0x83: "EXT2"
        case 0x84: "EXT4"
        case 0x50: "PERSID"
        case 0x30: "POP"
        case 0x31: "POP_MARK"
        case 0x32: "DUP"
        case 0x46: "FLOAT"
        case 0x49: "INT"
        case 0x4c: "LONG"
        case 0x53: "STRING"
        case 0x56: "UNICODE"
        case 0x64: "DICT"
        case 0x6c: "LIST"
        case 0x67: "GET"
        case 0x70: "PUT"
        case 0x42: "BINBYTES"
        case 0x43: "SHORT_BINBYTES"
        case 0x8b: "LONG4"
        case 0x8e: "BINBYTES8"
        case 0x8f: "EMPTY_SET"
        case 0x90: "ADDITEMS"
        case 0x91: "FROZENSET"
        case 0x96: "BYTEARRAY8"
        case 0x97: "NEXT_BUFFER"
        case 0x98: "READONLY_BUFFER"
        default: "opcode 0x" + String(byte, radix: 16)
        }
    }
}
