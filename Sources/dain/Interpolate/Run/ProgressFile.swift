import Console
import Foundation
import Logging

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The file that `--progress-file` names: opened before the work begins, a line at a time written to it.
///
/// A reader that goes away, or a full disk, is told once and ends the lines, not the run.
///
/// Sendable without checks: ``RunMonitor`` writes from one thread at a time.
final class ProgressFile: @unchecked Sendable {
    private let path: String
    private let descriptor: Int32
    private var isBroken = false

    /// Throws where the file cannot be written, or is one of `others`.
    init(_ path: String, others: [String]) throws {
        self.path = path
        let file = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        if others.contains(where: { URL(fileURLWithPath: $0).resolvingSymlinksInPath() == file }) {
            throw BadUsage("\(path): --progress-file would replace the input, the output or the report")
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw BadUsage("\(path): --progress-file cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    func write(_ line: String) {
        guard !isBroken else { return }
        var text = line + "\n"
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let start = rest.baseAddress, !rest.isEmpty {
                #if canImport(Darwin)
                    let count = Darwin.write(descriptor, start, rest.count)
                #elseif canImport(Glibc)
                    let count = Glibc.write(descriptor, start, rest.count)
                #else
                    let count = Musl.write(descriptor, start, rest.count)
                #endif
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    isBroken = true
                    let reason = String(cString: strerror(errno))
                    Logger(label: "dain.progress").warning("\(path): no more progress is written: \(reason)")
                    return
                }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }
}
