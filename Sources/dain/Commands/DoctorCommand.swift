import ArgumentParser

/// `dain doctor`: prints what the program finds on this machine, and what is missing with its remedy.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Report what dain finds on this machine, and what is missing.",
        discussion: """
            Exits with 0 when everything that is needed is there, with 1 when something is not. Problems that \
            only limit the formats do not count as such.
            """)

    @Flag(name: .long, help: "Print the report as JSON.")
    var json = false

    func run() throws {
        let report = DoctorReport.gather()
        try StandardOutput.print(json ? report.json() : report.text)
        if !report.isReady { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}
