import Console

/// One result: of a video or sequence, or the picture between two images.
struct SingleRun {
    let command: InterpolateCommand

    func run(_ cancellation: Cancellation) throws {
        let file: ProgressFile?
        do {
            file = try command.openProgressFile()
        } catch {
            try command.printSummary(FailureSummary(Outcome(of: error)))
            throw error
        }
        let monitor = RunMonitor(inputs: command.inputs, command.scripts, command.diagnostics, file: file)
        do {
            try command.interpolate(monitor, NetworkLoader(command.network), cancellation)
        } catch {
            try command.printSummary(monitor.summary(Outcome(of: error)))
            throw error
        }
        try command.printSummary(monitor.summary())
    }
}

extension InterpolateCommand {
    /// Works on the inputs, which are one video or sequence, or two images.
    func interpolate(_ monitor: RunMonitor, _ network: NetworkLoader, _ cancellation: Cancellation) throws {
        if inputs.count == 2 {
            try ImagePairJob(command: self, monitor: monitor, network: network).run()
        } else {
            try VideoJob(command: self, monitor: monitor, network: network).run(cancellation)
        }
    }

    /// nil where none is asked for.
    ///
    /// - Parameter outputs: Results of a batch.
    func openProgressFile(_ outputs: [String] = []) throws -> ProgressFile? {
        let others = inputs + outputs + [output, scenes.report, scripts.config].compactMap(\.self)
        return try scripts.progressFile.map { try ProgressFile($0, others: others) }
    }

    /// Prints what `--json` asks for: on standard output, unless the frames go there.
    func printSummary(_ summary: some Encodable) throws {
        guard scripts.json else { return }
        if writesToStandardOutput {
            DiagnosticOutput.standardError.printLine(RunJSON.line(summary))
        } else {
            try StandardOutput.print(RunJSON.object(summary))
        }
    }
}
