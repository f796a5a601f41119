#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Results that a command prints. Unlike `print`, a write that fails is an error.
enum StandardOutput {
    struct WriteError: UserFacingError {
        var code: Int32
        var userMessage: String { "cannot write standard output: \(String(cString: strerror(code)))" }
        var exitStatus: ExitStatus { .failed }
        var isSilent: Bool { code == EPIPE }
    }

    /// Writes the text, ended by one line break.
    static func print(_ text: String) throws {
        var text = text.hasSuffix("\n") ? text : text + "\n"
        try text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let start = rest.baseAddress, !rest.isEmpty {
                let written = write(STDOUT_FILENO, start, rest.count)
                if written < 0 && errno == EINTR { continue }
                guard written >= 0 else { throw WriteError(code: errno) }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
            }
        }
    }
}
