#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Prints lines on stderr where an environment variable asks for it; nil where it does not.
func tracing(_ variable: String) -> (@Sendable (String) -> Void)? {
    guard getenv(variable) != nil else { return nil }
    return { line in
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
