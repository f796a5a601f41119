import Foundation

/// Runs of `dain` that are connected by pipes, with the test at both ends: real pipes, which cannot be sought in and fill up.
final class PipedProcesses {
    struct TimedOut: Error {
        var got: Int
        var wanted: Int
    }

    private let processes: [Process]
    private let files: TemporaryFolder
    private let writingEnd: FileHandle
    private let readingEnd: FileHandle

    /// Starts one run for each list of arguments; each reads what the one before it writes.
    init(_ commands: [[String]]) throws {
        // Writing to a program that has ended is an error here, not the end of the tests.
        signal(SIGPIPE, SIG_IGN)
        files = try TemporaryFolder()
        let first = Pipe()
        writingEnd = first.fileHandleForWriting
        var input = first
        var started: [Process] = []
        for (index, arguments) in commands.enumerated() {
            let process = Process()
            let output = Pipe()
            process.executableURL = DainProcess.binary
            process.arguments = arguments
            process.standardInput = input
            process.standardOutput = output
            let name = "stderr\(index)"
            try Data().write(to: files[name])
            process.standardError = try FileHandle(forWritingTo: files[name])
            try process.run()
            started.append(process)
            input = output
        }
        processes = started
        readingEnd = input.fileHandleForReading
    }

    deinit { for process in processes where process.isRunning { process.terminate() } }

    var processIdentifiers: [Int32] { processes.map(\.processIdentifier) }

    /// Hands bytes to the first run; waits while the pipe is full. Throws once the run has ended.
    func write(_ bytes: Data) throws { try writingEnd.write(contentsOf: bytes) }

    /// A thread that writes so many pieces and then says that no more follow.
    func writeInBackground(_ count: Int, _ piece: @escaping @Sendable (Int) -> Data) {
        let end = writingEnd
        Thread {
            // A run that ends early is the test's business, which reads its status.
            _ = Result {
                for index in 0..<count { try end.write(contentsOf: piece(index)) }
                try end.close()
            }
        }.start()
    }

    func closeInput() throws { try writingEnd.close() }
    func closeOutput() throws { try readingEnd.close() }

    /// Waits for exactly so many bytes of what the last run writes; fewer only where it ends.
    func read(_ count: Int, timeout: Double = 60) throws -> Data {
        var data = Data()
        let deadline = Date(timeIntervalSinceNow: timeout)
        while data.count < count {
            var descriptor = pollfd(
                fd: readingEnd.fileDescriptor, events: Int16(POLLIN), revents: 0)
            let left = deadline.timeIntervalSinceNow
            guard left > 0, poll(&descriptor, 1, Int32(min(left * 1000, 1e6))) > 0 else {
                throw TimedOut(got: data.count, wanted: count)
            }
            var buffer = [UInt8](repeating: 0, count: min(count - data.count, 1 << 16))
            let got = Foundation.read(readingEnd.fileDescriptor, &buffer, buffer.count)
            guard got > 0 else { break }
            data.append(contentsOf: buffer[..<got])
        }
        return data
    }

    /// All that is left of what the last run writes.
    func readToEnd() throws -> Data { try read(.max) }

    /// The exit codes, once all have ended. A run that does not end is killed, and has the signal's number.
    func exitCodes(timeout: Double = 60) -> [Int32] {
        let deadline = Date(timeIntervalSinceNow: timeout)
        for process in processes {
            while process.isRunning, deadline.timeIntervalSinceNow > 0 { Thread.sleep(forTimeInterval: 0.01) }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }
        return processes.map(\.terminationStatus)
    }

    /// What a run has printed to standard error.
    func stderr(_ index: Int) -> String {
        do {
            return String(decoding: try Data(contentsOf: files["stderr\(index)"]), as: UTF8.self)
        } catch {
            return "unreadable: \(error)"
        }
    }
}
