/// A command whose result is a report. With `--json` a failure is said there as well, so that whoever reads standard output
/// always gets an object.
protocol PrintsReport {
    var json: Bool { get }
}

extension PrintsReport {
    func printFailure(_ error: any Error) throws {
        guard json else { return }
        try StandardOutput.print(RunJSON.object(FailureSummary(Outcome(of: error))))
    }
}
