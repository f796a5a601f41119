import ArgumentParser
import Foundation

/// `dain bench`: how fast the network runs here, and where the time goes.
struct BenchCommand: ParsableCommand, HasDiagnostics, RunsKernels {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure the network's speed and memory on this machine.",
        discussion: """
            Runs the whole network in float32 on generated frames, parts that add nothing with the weights at \
            hand included. Prints the time of each stage, its multiply-adds, new frames per second and peak memory.
            """)

    @Option(name: .long, help: ArgumentHelp("Size of the frames.", valueName: "WxH"))
    var resolution = Resolution(argument: "640x480")!

    @Option(name: .long, help: "Measured runs, after one that warms up.")
    var runs = 5

    @Option(name: .long, help: "CPU threads (default: all).")
    var threads: Int?

    @Option(
        name: .long, help: ArgumentHelp("Model to run.", valueName: "name|path"),
        completion: .custom { _, _, _ in KnownModels.names })
    var model: String?

    @Flag(name: .long, help: "List every convolution with its time and algorithm, too.")
    var layers = false

    @Flag(name: .long, help: "Print the report as JSON.")
    var json = false

    /// For programs that compare engines: a run for each line `run` on standard input, so that runs of two engines alternate.
    @Flag(name: .long, help: .hidden)
    var serve = false

    @OptionGroup var diagnostics: DiagnosticsOptions

    func validate() throws {
        guard (1...10_000).contains(runs) else { throw ValidationError("--runs must be from 1 to 10000") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be from 1 to 1024")
        }
    }

    func run() throws {
        let (name, benchmark) = try load()
        if serve { return try answer(benchmark) }
        let progress = diagnostics.progress(unit: "runs", total: runs + 1)
        _ = try benchmark.run()
        progress.advance(by: 1)
        benchmark.profile.reset()
        var measured: [Benchmark.Run] = []
        for _ in 0..<runs {
            measured.append(try benchmark.run())
            progress.advance(by: 1)
        }
        progress.finish()
        let report = BenchmarkReport(
            measured, of: benchmark, model: name, resolution: resolution, withLayers: layers)
        try StandardOutput.print(json ? report.json() : report.text)
    }

    /// The file of the weights is closed again before anything runs: what is measured is the network's memory.
    private func load() throws -> (name: String, Benchmark) {
        let model = try OpenedModel.open(model)
        return (
            model.location.name,
            try Benchmark(weights: model.weights, resolution: resolution, threads: threads)
        )
    }

    private func answer(_ benchmark: Benchmark) throws {
        _ = try benchmark.run()
        try StandardOutput.print(#"{"ready": true}"#)
        while readLine() == "run" {
            let seconds = try benchmark.run().total.seconds
            try StandardOutput.print(#"{"seconds": \#(seconds), "peak_bytes": \#(PeakMemory.bytes)}"#)
        }
    }
}
