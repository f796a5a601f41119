import Timing

/// What became of one input, as `--json` prints it. Its names are part of the program's interface.
struct RunSummary: Encodable {
    enum Status: String, Encodable {
        case done, failed, interrupted
    }

    struct Frames: Encodable {
        /// Of the input that were dealt with: up to the last one that is shown, or that a new frame lies before.
        var input = 0
        /// Of the result; those that are neither new nor held are the input's own.
        var output = 0
        /// Made by the network.
        var new = 0
        /// Of the result that show a frame of the input once more: across cuts, between repeats, at the end.
        var held = 0
        /// First frames of another scene in the input.
        var cuts = 0
        /// Frames of the input that repeat the one before.
        var duplicates = 0
    }

    struct Durations: Encodable {
        /// Seconds that the input and the result are shown, as far as they are known.
        @Nullable var input: Double?
        @Nullable var output: Double?
    }

    var status = Status.done
    var exitCode: Int32 = 0
    /// What the line on standard error says.
    var error: String?
    var inputs: [String]
    /// nil where the work did not come so far that its name was known.
    var output: String?
    /// Where the network ran, and what it computed with; nil where it was not needed so far.
    var device: String?
    var precision: String?
    var frames = Frames()
    var durations = Durations()
    /// From the beginning of the work on this input to its end.
    var seconds = 0.0
    /// New frames a second.
    var rate: Double?
    var stages = StageClock.Seconds()
    /// The most memory that the process has occupied so far.
    var peakMemoryBytes = 0
    var warnings: [String] = []
    var version = dainVersion

    init(inputs: [String]) { self.inputs = inputs }

    enum CodingKeys: CodingKey {
        case status, exitCode, error, inputs, output, device, precision, frames, durations, seconds, rate,
            stages, peakMemoryBytes, warnings, version
    }

    /// Every key is there, with null for what is not known.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(status, forKey: .status)
        try container.encode(exitCode, forKey: .exitCode)
        try container.encode(error, forKey: .error)
        try container.encode(inputs, forKey: .inputs)
        try container.encode(output, forKey: .output)
        try container.encode(device, forKey: .device)
        try container.encode(precision, forKey: .precision)
        try container.encode(frames, forKey: .frames)
        try container.encode(durations, forKey: .durations)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(rate, forKey: .rate)
        try container.encode(stages, forKey: .stages)
        try container.encode(peakMemoryBytes, forKey: .peakMemoryBytes)
        try container.encode(warnings, forKey: .warnings)
        try container.encode(version, forKey: .version)
    }
}

/// What became of a batch.
struct BatchSummary: Encodable {
    var status: RunSummary.Status
    var exitCode: Int32
    var done: Int
    var failed: Int
    var seconds: Double
    var results: [RunSummary]
    var version = dainVersion
}

/// What became of a command line that was refused before there was any work, or of a report that could not be made.
struct FailureSummary: Encodable {
    var status: RunSummary.Status
    var exitCode: Int32
    @Nullable var error: String?
    var version = dainVersion

    init(_ outcome: Outcome) {
        status = outcome.status == .interrupted ? .interrupted : .failed
        (exitCode, error) = (outcome.status.rawValue, outcome.error)
    }
}
