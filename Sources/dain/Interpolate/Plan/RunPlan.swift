import Media

/// What `--dry-run` finds out about one input. Its names are part of the program's interface.
struct RunPlan: Encodable {
    struct Video: Encodable {
        var width: Int
        var height: Int
        var pixelFormat: String
        /// Frames a second, as a fraction; nil where the input does not tell.
        @Nullable var inputRate: String?
        @Nullable var outputRate: String?
    }

    /// As the input states them, or estimated from its duration; nil where it does not tell.
    struct Frames: Encodable {
        @Nullable var input: Int?
        @Nullable var output: Int?
        /// At most: cuts and repeats have none.
        @Nullable var newAtMost: Int?
    }

    struct Stream: Encodable {
        var index: Int
        var kind: String
        var codec: String
        /// `interpolated`, `kept` or `dropped`.
        var fate: String
        @Nullable var reason: String?

        init(_ stream: OutputPlan.Stream) {
            (index, kind, codec, reason) = (stream.index, stream.kind, stream.codec, stream.reason)
            fate = stream.isInterpolated ? "interpolated" : stream.isKept ? "kept" : "dropped"
        }
    }

    struct Encoder: Encodable {
        var container: String
        var name: String
        var codec: String
        var pixelFormat: String
    }

    /// Where the network will run.
    struct Device: Encodable {
        /// As `--device` is written: `cpu` or `cuda:0`.
        var name: String
        /// The GPU's own name; nil for the CPU.
        @Nullable var model: String?
        var precision: String
    }

    struct Memory: Encodable {
        var bytes: Int
        /// nil for a GPU's memory without a limit of its own.
        @Nullable var limitBytes: Int?
        /// The smallest limit that frames of this size can be made within.
        var leastBytes: Int
        var tiles: Int
        var tileWidth: Int
        var tileHeight: Int
    }

    /// From a measurement on small frames, scaled by area.
    struct Estimate: Encodable {
        /// Of the network, for all new frames; nil where their number is not known.
        @Nullable var seconds: Double?
        var secondsPerNewFrame: Double
        /// The size that was measured.
        var probe: String
    }

    var inputs: [String]
    var output: String
    var video: Video
    var frames: Frames
    var durations: RunSummary.Durations
    var encoder: Encoder
    var streams: [Stream]
    var device: Device
    var memory: Memory
    var estimate: Estimate
    var warnings: [String]

    enum CodingKeys: CodingKey {
        case inputs, output, video, frames, durations, encoder, streams, device, memory, estimate, warnings
    }
}

/// What `--dry-run --json` prints.
struct DryRunReport: Encodable {
    var dryRun = true
    var status: RunSummary.Status
    var exitCode: Int32
    /// Seconds for all inputs, as far as they are known.
    @Nullable var estimatedSeconds: Double?
    var plans: [RunPlan]
    var failures: [Failure]
    var version = dainVersion

    struct Failure: Encodable {
        var input: String
        var error: String
    }
}
