import Foundation

/// The kinds of file that weights are read from.
public enum WeightFileFormat: String, Sendable {
    case safetensors = "safetensors file"
    case torchZip = "torch checkpoint (zip)"
    case torchLegacy = "torch checkpoint (legacy)"

    /// The format that the first bytes announce; nil for anything else.
    public init?(firstBytesOf bytes: WeightBytes) {
        if bytes.hasBytes(ZipArchive.localHeaderSignature) {
            self = .torchZip
        } else if TorchCheckpoint.hasLegacyMagic(bytes) {
            self = .torchLegacy
        } else if bytes.hasBytes([UInt8(ascii: "{")], at: Safetensors.headerOffset) {
            self = .safetensors
        } else {
            return nil
        }
    }
}

/// Why a file of weights could not be read or written. Its description is one line that begins with the
/// file's name.
public struct WeightFileError: Error, Equatable, Sendable {
    public enum Reason: Equatable, Sendable {
        /// A system call failed with this `errno`.
        case system(operation: String, code: Int32)
        /// A folder, a pipe or a device.
        case notARegularFile
        /// None of the formats of `WeightFileFormat`.
        case unrecognizedFormat
        /// The file contradicts itself or its format.
        case damaged(WeightFileFormat, detail: String)
        /// The file may be sound, but uses something that weights do not need.
        case unsupported(WeightFileFormat, feature: String)
        /// A pickle names a function or class other than the few that build tensors. `offset` is in bytes
        /// from the start of the file. Nothing was called.
        case refusedGlobal(name: String, offset: Int)
        /// A pickle asks for an operation that a dictionary of tensors does not need. Nothing was run.
        case refusedOperation(name: String, offset: Int)
        /// A finite value lies outside the range of the type it would be stored in.
        case outOfRange(key: String, type: ElementType)
    }

    public let file: String
    public let reason: Reason

    public init(file: String, reason: Reason) {
        self.file = file
        self.reason = reason
    }
}

extension WeightFileError: CustomStringConvertible, LocalizedError {
    public var description: String { "\(file): \(reason)" }
    public var errorDescription: String? { description }
}

extension WeightFileError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .system(let operation, let code): "cannot \(operation): \(systemMessage(code))"
        case .notARegularFile: "not a regular file"
        case .unrecognizedFormat: "neither a safetensors file nor a torch checkpoint"
        case .damaged(let format, let detail): "damaged \(format.rawValue): \(detail)"
        case .unsupported(let format, let feature): "unsupported \(format.rawValue): \(feature)"
        case .refusedGlobal(let name, let offset):
            "refused: the pickle refers to \(quoted(name)) at byte \(offset), which tensors do not need"
        case .refusedOperation(let name, let offset):
            "refused: the pickle asks for \(name) at byte \(offset), which tensors do not need"
        case .outOfRange(let key, let type):
            "a value of \(quoted(key)) lies outside the range of \(type.rawValue)"
        }
    }
}

/// The text of an `errno`.
func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }

/// A name from a file, fit for a one-line message: quoted, control characters escaped, cut when it is long.
func quoted(_ name: String) -> String {
    let limit = 120
    var text = "'"
    for scalar in name.unicodeScalars.prefix(limit) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: text += scalar.escaped(asASCII: true)
        default: text.unicodeScalars.append(scalar)
        }
    }
    return text + (name.unicodeScalars.count > limit ? "…'" : "'")
}
