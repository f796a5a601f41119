#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A library that was opened at run time, and stays open until the process ends.
struct SharedLibrary: @unchecked Sendable {
    /// The name that it was found under.
    let name: String
    let handle: UnsafeMutableRawPointer

    /// Opens the first candidate that can be; the error carries what became of each.
    static func open(_ candidates: [String]) throws(LibraryError) -> SharedLibrary {
        var attempts: [LibraryError.Attempt] = []
        for name in candidates {
            if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) {
                return SharedLibrary(name: name, handle: handle)
            }
            let reason = dlerror().map { String(cString: $0) } ?? "unknown reason"
            attempts.append(LibraryError.Attempt(name: name, reason: reason))
        }
        throw .notFound(attempts)
    }
}

/// Why a library cannot be used.
public enum LibraryError: Error, Equatable, Sendable {
    public struct Attempt: Equatable, Sendable {
        public var name: String
        public var reason: String
    }

    case notFound([Attempt])
    case lacks(symbol: String, library: String)
}

extension LibraryError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound(let attempts):
            "not found (tried \(attempts.map(\.name).joined(separator: ", ")))"
        case .lacks(let symbol, let library):
            "\(library) is too old: it has no \(symbol)"
        }
    }
}
