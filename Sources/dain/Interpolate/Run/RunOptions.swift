import ArgumentParser

/// How a run reports to other programs, and how many inputs it takes.
struct RunOptions: ParsableArguments {
    /// What long work shows on standard error.
    enum ProgressStyle: String, ExpressibleByArgument, CaseIterable { case json, bar, none }

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Progress on standard error: json for a line of JSON at a time, bar, or none (default: bar, and none with --quiet)."
        ))
    var progress: ProgressStyle?

    @Option(
        name: .long,
        help: ArgumentHelp("Write the progress there, too, as lines of JSON.", valueName: "file"),
        completion: .file())
    var progressFile: String?

    @Flag(name: .long, help: "Print what became of it as a JSON object at the end, errors included.")
    var json = false

    @Flag(name: .long, help: "Print what would be done and about how long it would take; write nothing.")
    var dryRun = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Make a result of each input, under its default name in this folder, which is made where it is missing.",
            valueName: "folder"), completion: .directory)
    var outputDir: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Defaults: a JSON object with long option names as keys. Options on the command line win.",
            valueName: "file"), completion: .file(extensions: ["json"]))
    var config: String?

    func validate() throws {
        for (name, value) in [
            ("--progress-file", progressFile), ("--output-dir", outputDir), ("--config", config),
        ] where value?.isEmpty == true {
            throw ValidationError("\(name) is empty")
        }
        if dryRun, progressFile != nil {
            throw ValidationError("--dry-run and --progress-file exclude each other")
        }
    }
}
