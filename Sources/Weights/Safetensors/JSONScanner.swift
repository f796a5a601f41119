/// Reads the few kinds of JSON value that a safetensors header has, in the order in which the caller expects
/// them.
struct JSONScanner {
    private(set) var cursor: ByteCursor

    init(_ cursor: ByteCursor) { self.cursor = cursor }

    func damaged(_ detail: String) -> WeightFileError { cursor.bytes.damaged(cursor.format, detail) }

    /// Reads an object; `value` reads the value of each key.
    mutating func object(
        _ value: (String, inout JSONScanner) throws(WeightFileError) -> Void
    ) throws(WeightFileError) {
        try expect("{")
        if try accept("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try value(key, &self)
        } while try accept(",")
        try expect("}")
    }

    /// Reads an array of integers that are not negative.
    mutating func integers(atMost limit: Int) throws(WeightFileError) -> [Int] {
        var values: [Int] = []
        try expect("[")
        if try accept("]") { return values }
        repeat {
            guard values.count < limit else {
                throw damaged("more than \(limit) numbers at byte \(cursor.position)")
            }
            values.append(try integer())
        } while try accept(",")
        try expect("]")
        return values
    }

    private mutating func integer() throws(WeightFileError) -> Int {
        try skipSpace()
        let start = cursor.position
        var value = 0
        while let byte = cursor.next, (0x30...0x39).contains(byte) {
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(Int(byte - 0x30))
            guard !overflow, !carry else { throw damaged("the number at byte \(start) is too large") }
            value = sum
            _ = try cursor.take(1)
        }
        guard cursor.position > start else { throw damaged("a whole number expected at byte \(start)") }
        return value
    }

    mutating func string() throws(WeightFileError) -> String {
        try expect("\"")
        let start = cursor.position
        var text: [UInt8] = []
        while true {
            switch try cursor.read(UInt8.self) {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw damaged("the text at byte \(start) is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"): text.append(contentsOf: try escape().utf8)
            case 0..<0x20: throw damaged("a control character in the text at byte \(start)")
            case let byte: text.append(byte)
            }
        }
    }

    private mutating func escape() throws(WeightFileError) -> String {
        switch try cursor.read(UInt8.self) {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]) {
                guard try cursor.readString(2) == "\\u" else { throw damaged("half a surrogate pair") }
                units.append(try codeUnit())
            }
            guard let text = String(validating: units, as: UTF16.self) else {
                throw damaged("half a surrogate pair before byte \(cursor.position)")
            }
            return text
        default: throw damaged("an unknown escape before byte \(cursor.position)")
        }
    }

    private mutating func codeUnit() throws(WeightFileError) -> UInt16 {
        let digits = try cursor.readString(4)
        guard let unit = UInt16(digits, radix: 16), digits.first != "+" else {
            throw damaged("four hexadecimal digits expected before byte \(cursor.position)")
        }
        return unit
    }

    private mutating func skipSpace() throws(WeightFileError) {
        while let byte = cursor.next, byte == 0x20 || (0x09...0x0a).contains(byte) || byte == 0x0d {
            _ = try cursor.take(1)
        }
    }

    /// Passes `character` if it comes next.
    private mutating func accept(_ character: Unicode.Scalar) throws(WeightFileError) -> Bool {
        try skipSpace()
        guard cursor.next == UInt8(ascii: character) else { return false }
        _ = try cursor.take(1)
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(WeightFileError) {
        guard try accept(character) else {
            throw damaged("'\(character)' expected at byte \(cursor.position)")
        }
    }

    /// Nothing but space may be left.
    mutating func expectEnd() throws(WeightFileError) {
        try skipSpace()
        guard cursor.remaining == 0 else {
            throw damaged("text after the header's end at byte \(cursor.position)")
        }
    }
}
