import Foundation

/// A JSON value as a configuration has it. Numbers keep their spelling: `59.94` reaches the parser of options as it was written.
enum JSONValue: Equatable {
    case null
    case boolean(Bool)
    case number(String)
    case text(String)
    case list([JSONValue])
    case object([Member])

    struct Member: Equatable {
        var key: String
        /// Where the key is, from 1.
        var line: Int
        var value: JSONValue
    }

    /// How messages name it.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let text): text
        case .text(let text): "\"\(text)\""
        case .list: "a list"
        case .object: "an object"
        }
    }
}

/// Reads JSON that people write by hand, and says in which line it is wrong. Foundation's parser does not say that, keeps one
/// of two equal keys, and turns numbers into binary fractions.
struct JSONReader {
    struct Malformed: Error {
        var line: Int
        var reason: String
    }

    /// Deeper ones are no configuration.
    private static let greatestDepth = 16

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    /// The value that a document holds.
    static func value(of data: Data) throws(Malformed) -> JSONValue {
        guard String(validating: data, as: UTF8.self) != nil else {
            throw Malformed(line: 1, reason: "the text is not UTF-8")
        }
        var reader = JSONReader(bytes: [UInt8](data))
        let value = try reader.value(depth: 0)
        if let next = reader.peek() { throw reader.unexpected(next, "nothing more") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func value(depth: Int) throws(Malformed) -> JSONValue {
        guard depth < Self.greatestDepth else { throw malformed("too deeply nested") }
        switch peek() {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .list(try elements(depth: depth))
        case UInt8(ascii: "\""): return .text(try text())
        case let byte?:
            let word = word()
            switch word {
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            case "null": return .null
            default:
                if word.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil {
                    return .number(word)
                }
                if word.isEmpty { throw unexpected(byte, "a value") }
                throw malformed("'\(word)' is no value; texts stand in quotation marks")
            }
        case nil: throw malformed("the text ends where a value is expected")
        }
    }

    private mutating func members(depth: Int) throws(Malformed) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        position += 1
        if accept("}") { return members }
        repeat {
            guard peek() == UInt8(ascii: "\"") else { throw unexpected(peek(), "a key in quotation marks") }
            let (line, key) = (line, try text())
            guard accept(":") else { throw unexpected(peek(), "':'") }
            members.append(JSONValue.Member(key: key, line: line, value: try value(depth: depth + 1)))
        } while accept(",")
        guard accept("}") else { throw unexpected(peek(), "',' or '}'") }
        return members
    }

    private mutating func elements(depth: Int) throws(Malformed) -> [JSONValue] {
        var elements: [JSONValue] = []
        position += 1
        if accept("]") { return elements }
        repeat { elements.append(try value(depth: depth + 1)) } while accept(",")
        guard accept("]") else { throw unexpected(peek(), "',' or ']'") }
        return elements
    }

    /// A text with its marks; Foundation knows its escapes.
    private mutating func text() throws(Malformed) -> String {
        let start = position
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] < 0x20 { throw malformed("a text does not end in its line") }
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < bytes.count else { throw malformed("a text does not end") }
        position += 1
        do {
            return try JSONDecoder().decode(String.self, from: Data(bytes[start..<position]))
        } catch {
            throw malformed("a text has an escape that JSON has not")
        }
    }

    /// What stands until the next mark or blank.
    private mutating func word() -> String {
        let start = position
        let ends = Set(" \t\r\n{}[],:\"".utf8)
        while position < bytes.count, !ends.contains(bytes[position]) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func accept(_ mark: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: mark) else { return false }
        position += 1
        return true
    }

    /// The next byte that is no blank; nil at the end.
    private mutating func peek() -> UInt8? {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
            if bytes[position] == 0x0A { line += 1 }
            position += 1
        }
        return position < bytes.count ? bytes[position] : nil
    }

    private func malformed(_ reason: String) -> Malformed { Malformed(line: line, reason: reason) }

    private func unexpected(_ byte: UInt8?, _ expected: String) -> Malformed {
        guard let byte else { return malformed("the text ends where \(expected) is expected") }
        let found = byte < 0x80 ? "'\(Character(Unicode.Scalar(byte)))'" : "another character"
        return malformed("\(expected) is expected, not \(found)")
    }
}
