import Foundation

/// A file of defaults: a JSON object whose keys are long option names.
struct ConfigurationFile {
    let path: String
    /// In the order of their names, so that messages do not depend on chance.
    let entries: [(key: String, value: JSONValue)]

    /// More than anybody writes by hand; the limit keeps a video that was named by mistake out of memory.
    private static let greatestSize = 1 << 20

    init(path: String) throws {
        self.path = path
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { handle.closeFile() }
            data = try handle.read(upToCount: Self.greatestSize + 1) ?? Data()
        } catch {
            throw BadUsage("\(path): cannot be read: \(Self.reason(error))")
        }
        guard data.count <= Self.greatestSize else { throw BadUsage("\(path): too large for a configuration") }
        guard String(validating: data, as: UTF8.self) != nil else {
            throw BadUsage("\(path): is no JSON: not UTF-8")
        }
        let object: [String: JSONValue]
        do {
            object = try JSONDecoder().decode([String: JSONValue].self, from: data)
        } catch DecodingError.typeMismatch {
            throw BadUsage("\(path): is no JSON object such as {\"factor\": 4, \"crf\": 18}")
        } catch {
            throw BadUsage("\(path): is no JSON: \(Self.syntaxError(error, in: data))")
        }
        try Self.checkForRepeatedKeys(data, object, path)
        entries = object.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Foundation's own words, which name the line; the last line where it gives none.
    private static func syntaxError(_ error: any Error, in data: Data) -> String {
        var reason = "\(error.localizedDescription)"
        if case DecodingError.dataCorrupted(let context) = error {
            reason = context.debugDescription
            if let underlying = context.underlyingError as NSError?,
                let detail = underlying.userInfo["NSDebugDescription"] as? String
            {
                reason = detail
            }
        }
        while reason.hasSuffix(".") { reason.removeLast() }
        if !reason.contains("line ") {
            let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            // A file that ends with a line break ends in the line before.
            reason += " around line \(max(1, lines.count - (lines.last?.isEmpty == true ? 1 : 0)))"
        }
        return reason
    }

    private static func reason(_ error: any Error) -> String {
        let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.code
        return code.map { String(cString: strerror(Int32($0))) } ?? error.localizedDescription
    }

    /// Of a key that is there twice the decoder keeps one, and nobody could tell which.
    private static func checkForRepeatedKeys(_ data: Data, _ object: [String: JSONValue], _ path: String) throws {
        for key in JSONKeys.repeated(in: data) where object[key] != nil {
            throw BadUsage("\(path): '\(key)' is there twice")
        }
    }
}

/// Any JSON value.
enum JSONValue: Decodable, Equatable {
    case null
    case boolean(Bool)
    /// As the command line would write it.
    case number(String)
    case text(String)
    case list([JSONValue])
    case object

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try Self.decode(Bool.self, container) {
            self = .boolean(value)
        } else if let value = try Self.decode(Int64.self, container) {
            self = .number(String(value))
        } else if let value = try Self.decode(Double.self, container) {
            self = .number(String(value))
        } else if let value = try Self.decode(String.self, container) {
            self = .text(value)
        } else if let value = try Self.decode([JSONValue].self, container) {
            self = .list(value)
        } else {
            self = .object
        }
    }

    /// nil where the value has another type, which is an answer here and no error.
    private static func decode<T: Decodable>(_ type: T.Type, _ container: any SingleValueDecodingContainer) throws
        -> T?
    {
        do {
            return try container.decode(type)
        } catch DecodingError.typeMismatch {
            return nil
        } catch DecodingError.dataCorrupted(let context) where context.underlyingError == nil {
            // A number that does not fit, such as 1.5 into an integer.
            return nil
        }
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

/// The keys of a JSON object's outermost level, in valid JSON.
enum JSONKeys {
    static func repeated(in data: Data) -> [String] {
        var (seen, repeated): (Set<String>, [String]) = ([], [])
        var (depth, isKeyNext, index) = (0, false, data.startIndex)
        while index < data.endIndex {
            switch data[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                isKeyNext = data[index] == UInt8(ascii: "{") && depth == 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ","): isKeyNext = depth == 1
            case UInt8(ascii: "\""):
                let start = index + 1
                index = start
                while index < data.endIndex, data[index] != UInt8(ascii: "\"") {
                    index += data[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                if isKeyNext {
                    let key = String(decoding: data[start..<min(index, data.endIndex)], as: UTF8.self)
                    if !seen.insert(key).inserted { repeated.append(key) }
                    isKeyNext = false
                }
            default: break
            }
            index += 1
        }
        return repeated
    }
}
