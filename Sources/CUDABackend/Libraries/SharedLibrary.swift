#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A library that was opened at run time, and stays open until the process ends.
package struct SharedLibrary: @unchecked Sendable {
    /// The name that it was found under.
    package let name: String
    let handle: UnsafeMutableRawPointer

    /// Opens the first candidate that can be; the error carries what became of each.
    package static func open(_ candidates: [String]) throws(LibraryError) -> SharedLibrary {
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
        /// As the dynamic linker states it.
        public var reason: String

        /// Whether no file of this name was found; otherwise there is one that cannot be loaded, for lack of another, say.
        var isAbsent: Bool {
            reason.contains("\(name): ") && reason.hasSuffix("No such file or directory")
        }
    }

    case notFound([Attempt])
    case lacks(symbol: String, library: String)
}

extension LibraryError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notFound(let attempts):
            if let found = attempts.first(where: { !$0.isAbsent }) {
                "cannot be loaded: \(found.reason)"
            } else {
                "was not found (tried \(attempts.map(\.name).joined(separator: ", ")))"
            }
        case .lacks(let symbol, let library):
            "is too old: \(library) has no \(symbol)"
        }
    }
}
