import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The name that opens every line on standard error.
public let programName = "dain"

/// Where every diagnostic goes: whole lines, and below them at most one status line (a progress bar) that
/// is redrawn in place. Safe to use from any thread; lines never mix with each other or with the status.
public final class DiagnosticOutput: Sendable {
    public static let standardError = DiagnosticOutput { text in
        writeIgnoringErrors(text, to: STDERR_FILENO)
    }

    private static let eraseLine = "\r\u{1B}[K"

    private let status = Mutex<String?>(nil)
    private let write: @Sendable (String) -> Void

    /// An output that passes its text, control sequences included, to `write`, one call at a time.
    public init(write: @escaping @Sendable (String) -> Void) {
        self.write = write
    }

    /// Prints `dain: error: MESSAGE`, on one line whatever the message holds.
    public func printError(_ message: String) {
        printLine("\(programName): error: \(message.singleLine)")
    }

    /// Prints one line; the status line, if there is one, stays below it.
    public func printLine(_ text: String) {
        status.withLock { status in
            if let status {
                write(Self.eraseLine + text + "\n" + status)
            } else {
                write(text + "\n")
            }
        }
    }

    /// Draws the status line in place of the one before; nil removes it.
    public func setStatus(_ text: String?) {
        status.withLock { status in
            guard text != status else { return }
            write(Self.eraseLine + (text ?? ""))
            status = text
        }
    }

    /// There is nowhere to report that the place for reports is gone.
    private static func writeIgnoringErrors(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let start = rest.baseAddress, !rest.isEmpty {
                #if canImport(Darwin)
                    let written = Darwin.write(descriptor, start, rest.count)
                #elseif canImport(Glibc)
                    let written = Glibc.write(descriptor, start, rest.count)
                #else
                    let written = Musl.write(descriptor, start, rest.count)
                #endif
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
            }
        }
    }
}
