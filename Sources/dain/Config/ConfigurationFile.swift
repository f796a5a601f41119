import Foundation

/// A file of defaults: a JSON object whose keys are long option names.
struct ConfigurationFile {
    let path: String
    /// In the file's order.
    let entries: [JSONValue.Member]

    /// More than anybody writes by hand; the limit keeps a video that was named by mistake out of memory.
    private static let greatestSize = 1 << 20

    init(path: String) throws {
        self.path = path
        let data = try Self.contents(of: path)
        let value: JSONValue
        do {
            value = try JSONReader.value(of: data)
        } catch {
            throw BadUsage("\(path):\(error.line): is no JSON: \(error.reason)")
        }
        guard case .object(let entries) = value else {
            throw BadUsage("\(path): is no JSON object such as {\"factor\": 4, \"crf\": 18}")
        }
        var seen: Set<String> = []
        for entry in entries where !seen.insert(entry.key).inserted {
            throw BadUsage("\(path):\(entry.line): '\(entry.key)' is there twice")
        }
        self.entries = entries
    }

    private static func contents(of path: String) throws -> Data {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { handle.closeFile() }
            data = try handle.read(upToCount: greatestSize + 1) ?? Data()
        } catch {
            let code = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError)?.code
            let reason = code.map { String(cString: strerror(Int32($0))) } ?? error.localizedDescription
            throw BadUsage("\(path): cannot be read: \(reason)")
        }
        guard data.count <= greatestSize else { throw BadUsage("\(path): too large for a configuration") }
        return data
    }
}
