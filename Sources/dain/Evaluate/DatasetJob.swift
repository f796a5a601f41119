import Evaluation
import Interpolation
import Logging
import Timing

/// Measures the sequences of a benchmark.
struct DatasetJob {
    let command: EvaluateCommand
    let dataset: Dataset
    private let log = Logger(label: "dain.evaluate")

    init(command: EvaluateCommand, dataset: Dataset) {
        (self.command, self.dataset) = (command, dataset)
    }

    func run(_ cancellation: Cancellation) throws {
        if let first = dataset.lacking.first {
            let others = dataset.lacking.count - 1
            let what =
                others == 0
                ? "1 sequence lacks a file and is passed over: \(first)"
                : "\(others + 1) sequences lack a file and are passed over: \(first) and \(others) more"
            log.warning("\(command.path): \(what)")
        }
        if dataset.otherwiseNamed > 0 {
            let found = counted(dataset.otherwiseNamed, "sequence")
            log.warning(
                "\(command.path): passed over: \(found) of another layout than \(dataset.layout.rawValue)"
            )
        }
        let network = NetworkLoader(command.network)
        try measure(with: network.load(), DatasetReport(dataset.layout, on: network.device()), cancellation)
    }

    private func measure(
        with interpolator: some Interpolator, _ empty: DatasetReport, _ cancellation: Cancellation
    ) throws {
        let converter = FrameConverter()
        let progress = command.diagnostics.progress(unit: "sequences", total: dataset.sequences.count)
        var report = empty
        for sequence in dataset.sequences {
            try cancellation.check()
            let first = try MeasuredFrame(file: sequence.first, converter)
            let second = try MeasuredFrame(file: sequence.second, converter)
            let truth = try MeasuredFrame(file: sequence.truth, converter).rounded
            guard first.rounded.hasSize(of: second.rounded), first.rounded.hasSize(of: truth) else {
                throw BadUsage("\(command.path): the frames of sequence \(sequence.name) differ in size")
            }
            let pair = try interpolator.prepare(
                interpolator.prepare(first.image), interpolator.prepare(second.image))
            let result = RGB8Image(rounding: try interpolator.interpolate(pair, at: 0.5))
            report.add(
                sequence.name, Score(of: result, against: truth),
                average: Score(of: .average(first.rounded, second.rounded), against: truth))
            progress.advance()
        }
        progress.finish()
        try StandardOutput.print(command.json ? ReportJSON.text(report) : report.text)
    }
}
