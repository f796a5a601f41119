import ArgumentParser
import Foundation
import Tensors

/// `dain bench`: how fast the network runs here, and where the time goes.
struct BenchCommand: ParsableCommand, HasDiagnostics, RunsKernels, PrintsReport {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure the network's speed and memory on this machine.",
        discussion: """
            Runs the whole network on generated frames, parts that add nothing with the weights at \
            hand included. Prints the time of each stage, its multiply-adds, new frames per second and peak memory.
            """)

    @Option(name: .long, help: ArgumentHelp("Size of the frames.", valueName: "WxH"))
    var resolution = Resolution(argument: "640x480")!

    @Option(name: .long, help: "Measured runs, after one that warms up.")
    var runs = 5

    @OptionGroup var device: DeviceOptions

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
    }

    func run() throws {
        let profile = Profile()
        let chosen = try ChosenDevice.open(device, profile: profile)
        switch chosen {
        case .cpu(let backend): try run(on: backend, chosen, profile)
        case .cuda(let backend): try run(on: backend, chosen, profile)
        }
    }

    private func run<B: Backend>(on backend: B, _ device: ChosenDevice, _ profile: Profile) throws {
        // To measure a stage of a GPU's work is to wait for it: then stages have runs of their own, behind those that count.
        let runsApart = device.model != nil
        profile.isPaused = runsApart
        let (name, benchmark) = try load(on: backend)
        if serve { return try answer(benchmark) }
        let progress = diagnostics.progress(unit: "runs", total: (runsApart ? 2 : 1) * runs + 1)
        func measure(_ count: Int) throws -> [BenchmarkRun] {
            try (0..<count).map { _ in
                let run = try benchmark.run()
                progress.advance(by: 1)
                return run
            }
        }
        _ = try measure(1)
        profile.reset()
        let measured = try measure(runs)
        var profiled = measured
        if runsApart {
            profile.isPaused = false
            profiled = try measure(runs)
        }
        progress.finish()
        let report = BenchmarkReport(
            measured, profiled: profiled, profile, on: device, model: name, resolution: resolution,
            withLayers: layers)
        try StandardOutput.print(json ? report.json() : report.text)
    }

    /// The file of the weights is closed again before anything runs: what is measured is the network's memory.
    private func load<B: Backend>(on backend: B) throws -> (name: String, Benchmark<B>) {
        let model = try OpenedModel.open(model)
        return (
            model.location.name, try Benchmark(weights: model.weights, resolution: resolution, on: backend)
        )
    }

    private func answer(_ benchmark: Benchmark<some Backend>) throws {
        _ = try benchmark.run()
        try StandardOutput.print(#"{"ready": true}"#)
        while readLine() == "run" {
            let seconds = try benchmark.run().total.seconds
            try StandardOutput.print(#"{"seconds": \#(seconds), "peak_bytes": \#(PeakMemory.bytes)}"#)
        }
    }
}
