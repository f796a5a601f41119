import ArgumentParser
import Foundation
import Media

/// Reads damaged inputs with the program's own readers, in processes that may die of them.
@main
struct FuzzCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dain-fuzz", abstract: "Reads damaged inputs, the same ones for the same seed.",
        subcommands: [RunCommand.self, AgainCommand.self, WorkCommand.self],
        defaultSubcommand: RunCommand.self)
}

/// What no input may take.
struct LimitOptions: ParsableArguments {
    @Option(help: "Seconds for one input.") var seconds = 10.0
    @Option(help: "Bytes of resident memory.") var memory = 2 << 30
}

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Read many inputs.")

    @Option(help: "Inputs, shared out among the targets.") var inputs = 12_000
    @Option(help: "The same seed makes the same inputs.") var seed: UInt64 = 1
    @Option(help: "Only this target; may be repeated.") var target: [String] = []
    @Option(help: "Processes at a time.") var jobs = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Where inputs are kept that fail.") var failures = "out/fuzz"
    @OptionGroup var limits: LimitOptions

    func run() throws {
        let targets = try target.isEmpty ? FuzzTargets.all : target.map(WorkCommand.target)
        let shares = targets.reduce(0) { $0 + $1.share }
        var batches: [Driver.Batch] = []
        var counts: [String: Int] = [:]
        for target in targets {
            let count = (inputs * target.share + shares - 1) / shares
            counts[target.name] = count
            for start in stride(from: 0, to: count, by: 200) {
                batches.append(.init(target: target.name, inputs: start..<min(start + 200, count)))
            }
        }
        let settings = Driver.Settings(
            seed: seed, jobs: max(1, jobs), seconds: limits.seconds, bytes: limits.memory, failures: failures)
        let (tallies, failed) = try Driver(batches, settings, progress: { print($0) }).run()
        for target in targets {
            let tally = tallies[target.name] ?? Worker.Tally()
            let failures = failed.count { $0.target == target.name }
            let slowest = String(format: "%.2f", tally.slowest)
            print(
                "\(target.name): \(counts[target.name] ?? 0) inputs: \(tally.read) read, \(tally.refused) refused, "
                    + "\(failures) failed; slowest \(slowest) s (input \(tally.slowestInput)), "
                    + "peak \(tally.peak >> 20) MiB")
        }
        print("\(counts.values.reduce(0, +)) inputs, \(failed.count) failed")
        if !failed.isEmpty { throw ExitCode(1) }
    }
}

struct AgainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "again", abstract: "Read one file in this process.")

    @Argument var target: String
    @Argument var file: String
    @OptionGroup var limits: LimitOptions

    func run() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
        let scratch = try Scratch()
        defer { _ = Result { try scratch.remove() } }
        FFmpegLog.capture()
        do {
            try WorkCommand.target(target).read(bytes, scratch)
            print("read")
        } catch {
            print("refused: \(error)")
        }
    }
}

struct WorkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work", abstract: "Read inputs in this process.", shouldDisplay: false)

    @Argument var target: String
    @Option var seed: UInt64
    @Option var from: Int
    @Option var to: Int
    @Option var state: String
    @Option var scratch: String
    @OptionGroup var limits: LimitOptions

    static func target(_ name: String) throws -> any FuzzTarget {
        guard let target = FuzzTargets.named(name) else {
            let names = FuzzTargets.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")
            throw ValidationError("no target is called '\(name)'; there are: \(names)")
        }
        return target
    }

    func run() throws {
        // A pipe without a reader is an error, as in the program.
        signal(SIGPIPE, SIG_IGN)
        FFmpegLog.capture()
        let target = try Self.target(target)
        let descriptor = open(state, O_WRONLY)
        guard descriptor >= 0 else { throw ValidationError("\(state) cannot be written") }
        let worker = Worker(
            target: target, limits: .init(seconds: limits.seconds, bytes: limits.memory),
            scratch: Scratch(existing: scratch), state: descriptor)
        let tally = try worker.run(from..<to, of: try target.corpus(), seed: seed)
        print(String(decoding: try JSONEncoder().encode(tally), as: UTF8.self))
        // Threads of FFmpeg may still hold what global destructors free.
        fflush(nil)
        _exit(0)
    }
}
