import Foundation
import Synchronization

/// Shares the inputs out among processes that may die of them, and tells which input it was.
final class Driver: Sendable {
    struct Settings: Sendable {
        var seed: UInt64
        var jobs: Int
        var seconds: Double
        var bytes: Int
        /// Where inputs are kept that were trouble.
        var failures: String
    }

    /// Inputs of one target that a process reads in a row.
    struct Batch: Sendable {
        var target: String
        var inputs: Range<Int>
    }

    /// An input that the program does not stand.
    struct Failure: Sendable {
        var target: String
        var index: Int
        var cause: String
        /// What the process printed.
        var output: String
        var file: String
    }

    private struct State {
        var batches: ArraySlice<Batch>
        var tallies: [String: Worker.Tally] = [:]
        var failures: [Failure] = []
        var broken: (any Error)?
    }

    private let settings: Settings
    private let state: Mutex<State>
    private let progress: @Sendable (String) -> Void

    init(_ batches: [Batch], _ settings: Settings, progress: @escaping @Sendable (String) -> Void) {
        self.settings = settings
        self.progress = progress
        state = Mutex(State(batches: batches[...]))
    }

    /// What was read of each target, and what failed.
    func run() throws -> (tallies: [String: Worker.Tally], failures: [Failure]) {
        let group = DispatchGroup()
        for _ in 0..<settings.jobs {
            group.enter()
            Thread { [self] in
                defer { group.leave() }
                do { try work() } catch { state.withLock { $0.broken = error } }
            }.start()
        }
        group.wait()
        return try state.withLock { state in
            if let broken = state.broken { throw broken }
            return (state.tallies, state.failures)
        }
    }

    private func work() throws {
        let scratch = try Scratch()
        defer { _ = Result { try scratch.remove() } }
        while let batch = state.withLock({ $0.broken == nil ? $0.batches.popFirst() : nil }) {
            var rest = batch.inputs
            while !rest.isEmpty {
                let last = try runWorker(batch.target, rest, scratch)
                rest = min(last + 1, rest.upperBound)..<rest.upperBound
            }
        }
    }

    /// Runs a process over the inputs; the last one that it read.
    private func runWorker(_ target: String, _ inputs: Range<Int>, _ scratch: Scratch) throws -> Int {
        let files = scratch.path("files")
        // What an input left behind that ended its process.
        try scratch.clear()
        try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
        let state = try scratch.write([UInt8](repeating: 0, count: 8), "state")
        let (output, errors) = (try scratch.write([], "stdout"), try scratch.write([], "stderr"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.executable)
        process.arguments = [
            "work", target, "--seed", "\(settings.seed)", "--from", "\(inputs.lowerBound)", "--to",
            "\(inputs.upperBound)", "--state", state, "--scratch", files, "--seconds", "\(settings.seconds)",
            "--memory", "\(settings.bytes)",
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
        // Traces take seconds each; whoever runs the one input again sees its own.
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) {
            $1
        }
        try process.run()
        let isStuck = waitUntilExit(process, state)
        let index = try Self.number(in: state)
        if !isStuck, process.terminationReason == .exit, process.terminationStatus == 0 {
            let tally = try JSONDecoder().decode(
                Worker.Tally.self, from: Data(contentsOf: URL(fileURLWithPath: output)))
            add(tally, of: target)
            return inputs.upperBound - 1
        }
        let text = String(
            decoding: try Data(contentsOf: URL(fileURLWithPath: errors)).prefix(4000), as: UTF8.self)
        guard inputs.contains(index), let cause = cause(of: process, isStuck) else {
            throw WorkerFailed(target: target, output: text, status: process.terminationStatus)
        }
        try note(target, index, cause, text)
        return index
    }

    struct WorkerFailed: Error, CustomStringConvertible {
        let target: String
        let output: String
        let status: Int32

        var description: String { "\(target): a process ended with \(status) and said: \(output)" }
    }

    /// Waits, and ends the process itself where its watchdog does not: true then.
    private func waitUntilExit(_ process: Process, _ state: String) -> Bool {
        var (last, since) = (-1, ContinuousClock.now)
        while process.isRunning {
            Thread.sleep(forTimeInterval: 0.005)
            let index = (try? Self.number(in: state)) ?? last
            if index != last { (last, since) = (index, .now) }
            if since.duration(to: .now) > .seconds(Watchdog.patience * settings.seconds + 5) {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                return true
            }
        }
        process.waitUntilExit()
        return false
    }

    /// What ended a process; nil for an end that is no input's fault.
    private func cause(of process: Process, _ isStuck: Bool) -> String? {
        if isStuck { return "no end within \(settings.seconds) s" }
        if process.terminationReason == .uncaughtSignal { return "signal \(process.terminationStatus)" }
        switch Worker.Exit(rawValue: process.terminationStatus) {
        case .slow: return "no end within \(settings.seconds) s"
        case .large: return "more than \(settings.bytes >> 20) MiB of memory"
        case .message: return "an error that is no message for users"
        case .done, nil: return nil
        }
    }

    private func add(_ tally: Worker.Tally, of target: String) {
        state.withLock { state in
            var sum = state.tallies[target] ?? Worker.Tally()
            sum.read += tally.read
            sum.refused += tally.refused
            if tally.slowest > sum.slowest {
                (sum.slowest, sum.slowestInput) = (tally.slowest, tally.slowestInput)
            }
            sum.peak = max(sum.peak, tally.peak)
            state.tallies[target] = sum
        }
    }

    private func note(_ target: String, _ index: Int, _ cause: String, _ output: String) throws {
        guard let found = FuzzTargets.named(target) else { return }
        let bytes = found.input(index, seed: settings.seed, of: try found.corpus())
        try FileManager.default.createDirectory(atPath: settings.failures, withIntermediateDirectories: true)
        let file = "\(settings.failures)/\(target)-\(settings.seed)-\(index)"
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        let failure = Failure(target: target, index: index, cause: cause, output: output, file: file)
        state.withLock { $0.failures.append(failure) }
        progress(
            """
            \(target): input \(index) of seed \(settings.seed): \(cause)
              kept as \(file); once more: scripts/fuzz --again \(target) \(file)
            """)
    }

    private static func number(in state: String) throws -> Int {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: state))
        return bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    static let executable: String = {
        #if os(Linux)
            return URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        #else
            return Bundle.main.executablePath ?? CommandLine.arguments[0]
        #endif
    }()
}
