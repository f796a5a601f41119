import Foundation
import Synchronization

/// Runs the built `dain` as users do, and captures what it prints and how it ends.
///
/// The binary is the one that lies beside the test bundle, so it has the tests' own configuration:
/// `scripts/test` builds both. Standard output and error go to files, not pipes: a program that prints much
/// is never blocked by a test that does not read.
///
///     let result = try await DainProcess.run(["doctor", "--json"], environment: ["DAIN_MODELS": folder])
///     #expect(result.exitCode == 0, "\(result)")
///
/// Tests that interrupt or watch a run use ``start(_:environment:stdin:currentDirectory:)`` and ``wait()``.
final class DainProcess: Sendable {
    /// How a run ended and what it printed.
    struct Result: CustomStringConvertible {
        var exitCode: Int32
        /// The signal that ended the process, if one did; `exitCode` is then 128 plus its number.
        var signal: Int32?
        var stdout: String
        var stderr: String

        /// The lines on standard error, without the empty ones.
        var stderrLines: [String] { stderr.split(separator: "\n").map(String.init) }

        var description: String {
            "exit code \(exitCode)\nstdout:\n\(stdout)\nstderr:\n\(stderr)"
        }
    }

    enum HarnessError: Error, CustomStringConvertible {
        case noBinary(String)
        case timedOut(arguments: [String], seconds: Double, stderr: String)
        case endedEarly(arguments: [String], stderr: String)

        var description: String {
            switch self {
            case .endedEarly(let arguments, let stderr):
                "dain \(arguments.joined(separator: " ")) ended before it was expected to; stderr:\n\(stderr)"
            case .noBinary(let path):
                "\(path) is not there: build it in the tests' configuration first (scripts/test does)"
            case .timedOut(let arguments, let seconds, let stderr):
                "dain \(arguments.joined(separator: " ")) did not end within \(seconds) s; stderr:\n\(stderr)"
            }
        }
    }

    /// The built binary.
    static let binary = folder.appendingPathComponent("dain")

    private static let folder: URL = {
        #if canImport(Darwin)
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
            let folder = bundle.bundleURL.deletingLastPathComponent()
        #else
            let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
                .deletingLastPathComponent()
        #endif
        return folder
    }()

    /// The checkout that the tests were built in, for fixtures such as `Tests/Fixtures/clips`.
    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private let arguments: [String]
    private let files: TemporaryFolder
    private let exit = Exit()
    /// The process's number, for signals.
    let processIdentifier: Int32

    /// Runs to the end. As many runs go on at once as the machine has cores; the others wait for their turn.
    ///
    /// - Parameters:
    ///   - program: which of the built programs.
    ///   - environment: variables to set; a nil value removes one. All others are the test's own.
    ///   - stdin: what the program reads; nothing by default.
    ///   - shell: a shell command to run first, in the process that `dain` then takes over: `ulimit -f 8`, say.
    ///   - rectified: whether `interpolate` makes frames of full quality; otherwise `--fast` is added, for most tests are
    ///     of anything but pixels, and the network takes most of their time.
    ///   - timeout: seconds after which the process is killed and ``HarnessError/timedOut`` is thrown.
    static func run(
        _ arguments: [String], environment: [String: String?] = [:], stdin: Data = Data(),
        currentDirectory: URL? = nil, shell: String? = nil, rectified: Bool = false, timeout: Double = 240,
        program: String = "dain"
    ) async throws -> Result {
        await turns.take()
        let result: Swift.Result<Result, any Error>
        do {
            let process = try DainProcess(
                rectified ? arguments : fast(arguments), environment, stdin, currentDirectory, shell,
                program: program)
            result = .success(try await process.wait(timeout: timeout))
        } catch {
            result = .failure(error)
        }
        await turns.giveBack()
        return try result.get()
    }

    private static let turns = Turns(ProcessInfo.processInfo.activeProcessorCount)

    /// Starts, and returns while the program runs.
    static func start(
        _ arguments: [String], environment: [String: String?] = [:], stdin: Data = Data(),
        currentDirectory: URL? = nil
    ) throws -> DainProcess {
        try DainProcess(fast(arguments), environment, stdin, currentDirectory, nil)
    }

    private static func fast(_ arguments: [String]) -> [String] {
        arguments.first == "interpolate" ? ["interpolate", "--fast"] + arguments.dropFirst() : arguments
    }

    private init(
        _ arguments: [String], _ environment: [String: String?], _ stdin: Data, _ currentDirectory: URL?,
        _ shell: String?, program: String = "dain"
    ) throws {
        let binary = Self.folder.appendingPathComponent(program)
        guard FileManager.default.isExecutableFile(atPath: binary.path) else {
            throw HarnessError.noBinary(binary.path)
        }
        self.arguments = arguments
        files = try TemporaryFolder()
        try stdin.write(to: files["stdin"])
        for name in ["stdout", "stderr"] { try Data().write(to: files[name]) }

        let process = Process()
        if let shell {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "\(shell); exec \"$0\" \"$@\"", binary.path] + arguments
        } else {
            process.executableURL = binary
            process.arguments = arguments
        }
        process.currentDirectoryURL = currentDirectory
        var variables = ProcessInfo.processInfo.environment
        // No GPU, whatever the machine has: what tests expect is the CPU's.
        variables["CUDA_VISIBLE_DEVICES"] = ""
        for (name, value) in environment { variables[name] = value }
        process.environment = variables
        process.standardInput = try FileHandle(forReadingFrom: files["stdin"])
        process.standardOutput = try FileHandle(forWritingTo: files["stdout"])
        process.standardError = try FileHandle(forWritingTo: files["stderr"])
        process.terminationHandler = { [exit] process in
            let isSignal = process.terminationReason == .uncaughtSignal
            exit.finish(code: process.terminationStatus, isSignal: isSignal)
        }
        try process.run()
        processIdentifier = process.processIdentifier
    }

    /// Sends a signal, such as `SIGINT`.
    func send(signal: Int32) {
        kill(processIdentifier, signal)
    }

    /// What the program has printed to standard error up to now.
    func stderrSoFar() throws -> String {
        String(decoding: try Data(contentsOf: files["stderr"]), as: UTF8.self)
    }

    /// Waits until `condition` holds while the program runs: an error when the program ends first, or when so many
    /// seconds pass.
    func waitWhileRunning(timeout: Double = 120, until condition: () throws -> Bool) async throws {
        let start = ContinuousClock.now
        while try !condition() {
            guard !exit.isFinished else {
                throw HarnessError.endedEarly(arguments: arguments, stderr: try stderrSoFar())
            }
            if start.duration(to: .now) > .seconds(timeout) {
                kill(processIdentifier, SIGKILL)
                throw HarnessError.timedOut(arguments: arguments, seconds: timeout, stderr: try stderrSoFar())
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Waits until the program ends, and kills it after `timeout` seconds.
    func wait(timeout: Double = 240) async throws -> Result {
        guard let (code, isSignal) = await exit.wait(seconds: timeout) else {
            kill(processIdentifier, SIGKILL)
            _ = await exit.wait(seconds: 10)
            throw HarnessError.timedOut(
                arguments: arguments, seconds: timeout, stderr: try stderrSoFar())
        }
        return Result(
            exitCode: isSignal ? 128 + code : code, signal: isSignal ? code : nil,
            stdout: String(decoding: try Data(contentsOf: files["stdout"]), as: UTF8.self),
            stderr: try stderrSoFar())
    }

    /// The end of the process, which one thread reports and another awaits.
    private final class Exit: Sendable {
        private let stream: AsyncStream<(code: Int32, isSignal: Bool)>
        private let continuation: AsyncStream<(code: Int32, isSignal: Bool)>.Continuation
        private let finished = Atomic<Bool>(false)

        var isFinished: Bool { finished.load(ordering: .acquiring) }

        init() {
            (stream, continuation) = AsyncStream.makeStream()
        }

        func finish(code: Int32, isSignal: Bool) {
            finished.store(true, ordering: .releasing)
            continuation.yield((code, isSignal))
            continuation.finish()
        }

        /// The exit, or nil after so many seconds.
        func wait(seconds: Double) async -> (code: Int32, isSignal: Bool)? {
            await withTaskGroup(of: (code: Int32, isSignal: Bool)?.self) { group in
                group.addTask { [stream] in await stream.first { _ in true } }
                group.addTask {
                    // Ends early, by its cancellation, when the process does.
                    do { try await Task.sleep(for: .seconds(seconds)) } catch { return nil }
                    return nil
                }
                let first = await group.next() ?? nil
                group.cancelAll()
                return first
            }
        }
    }
}

/// So many turns at a time, in the order they are asked for.
private actor Turns {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}

/// A folder of its own, removed with everything in it when this is released.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("dain-tests-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        // A folder that stays behind in the temporary directory fails no test.
        do { try FileManager.default.removeItem(at: url) } catch {
            print("cannot remove \(url.path): \(error)")
        }
    }

    /// The file or folder with this name inside.
    subscript(name: String) -> URL { url.appendingPathComponent(name) }

    var path: String { url.path }

    /// The names of all that is inside, hidden files too, sorted.
    func names(in subfolder: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: subfolder.isEmpty ? path : self[subfolder].path)
            .sorted()
    }
}
