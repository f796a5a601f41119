import Console
import Interpolation
import Media

/// How a plan is printed for people.
extension RunPlan {
    var text: String {
        var lines = ["\(inputs.joined(separator: " and ")) -> \(StandardStreams.name(output))"]
        func add(_ name: String, _ text: String) {
            lines.append("    " + name + String(repeating: " ", count: max(1, 10 - name.count)) + text)
        }
        var size = "\(video.width)x\(video.height) \(video.pixelFormat)"
        if let rate = video.inputRate { size += ", \(rate) frames a second" }
        if let rate = video.outputRate { size += " to \(rate)" }
        add("video", size)
        add("frames", framesText)
        if let input = durations.input, let output = durations.output {
            add("duration", "about \(Self.seconds(input)) to \(Self.seconds(output))")
        }
        add("encoder", "\(encoder.name) (\(encoder.codec)), \(encoder.pixelFormat), in \(encoder.container)")
        for (index, stream) in streams.enumerated() {
            let reason = stream.reason.map { ": \($0)" } ?? ""
            add(
                index == 0 ? "streams" : "",
                "\(stream.index) \(stream.kind) (\(stream.codec)) \(stream.fate)\(reason)")
        }
        add("device", "\(device.name)\(device.model.map { " (\($0))" } ?? ""), \(device.precision)")
        let pieces =
            memory.tiles == 1
            ? "frames in one piece"
            : "frames in \(memory.tiles) tiles of \(memory.tileWidth)x\(memory.tileHeight)"
        let least =
            memory.leastBytes < memory.bytes
            ? "; at least \(ByteCount.mebibytes(memory.leastBytes)) MiB are needed" : ""
        add(
            "memory",
            "\(TilingNote.memory(memory.bytes, memory.limitBytes)), \(pieces)\(least)"
        )
        add("estimate", estimateText)
        for warning in warnings { add("warning", warning) }
        return lines.map(\.singleLineKeepingIndent).joined(separator: "\n")
    }

    private var framesText: String {
        let input = frames.input.map { "\($0)" } ?? "an unknown number"
        guard let output = frames.output, let new = frames.newAtMost else { return input }
        return "\(input) to \(output), at most \(new) of them new"
    }

    private var estimateText: String {
        let each =
            "\(Self.seconds(estimate.secondsPerNewFrame)) a new frame, scaled by area from a short run at \(estimate.probe)"
        guard let seconds = estimate.seconds else { return each }
        return "about \(ProgressSnapshot.format(time: .seconds(seconds))) (\(each))"
    }

    private static func seconds(_ seconds: Double) -> String {
        "\(seconds.rounded(toPlaces: seconds < 10 ? 2 : 1)) s"
    }
}

extension String {
    /// One safe line; blanks at its beginning stay.
    fileprivate var singleLineKeepingIndent: String {
        let text = drop { $0 == " " }
        return String(repeating: " ", count: count - text.count) + text.singleLine
    }
}
