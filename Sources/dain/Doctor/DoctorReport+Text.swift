import Timing

extension DoctorReport {
    /// The report for people: aligned columns, then each problem with its remedy.
    var text: String {
        var rows: [(label: String, value: String)] = [
            ("dain", version),
            ("system", "\(system), \(processor.architecture)"),
            ("CPU", processor.name.isEmpty ? "unknown" : processor.name),
            ("", "\(counted(processor.cores, "core")), \(levelText)"),
            ("memory", Self.format(bytes: memoryBytes)),
            ("FFmpeg", ffmpeg),
        ]
        for library in libraries {
            let built = library.built == library.running ? "" : "  (built with \(library.built))"
            rows.append(("  \(library.name)", library.running + built))
        }
        for role in [Codec.Role.encoder, .decoder] {
            rows.append((role.rawValue + "s", ""))
            for codec in codecs where codec.role == role {
                let found = codec.available.isEmpty ? "missing" : codec.available.joined(separator: ", ")
                rows.append(("  \(codec.format)", found))
            }
        }
        rows += gpu.rows
        if models.isEmpty { rows.append(("models", "none")) }
        for (index, model) in models.enumerated() {
            let size = model.bytes.map { Self.format(bytes: UInt64(max($0, 0))) } ?? "missing"
            rows.append((index == 0 ? "models" : "", "\(model.name), \(size), \(model.path)"))
        }

        let column = (rows.map(\.label.count).max() ?? 0) + 2
        var lines = rows.map { label, value in
            value.isEmpty ? label : label + String(repeating: " ", count: column - label.count) + value
        }
        lines.append("")
        for problem in problems {
            lines.append("\(problem.isFatal ? "needed" : "limited"): \(problem.description)")
            lines.append("  remedy: \(problem.remedy)")
        }
        lines.append(
            isReady
                ? "Everything that is needed is there." : "Something that is needed is missing or damaged.")
        return lines.joined(separator: "\n") + "\n"
    }

    private var levelText: String {
        "\(processor.requiredLevel): \(processor.isSupported ? "yes" : "no")"
    }

    /// `23.5 GiB` or `41.2 MiB`, one decimal.
    private static func format(bytes: UInt64) -> String {
        let (unit, name): (UInt64, String) = bytes >= 1 << 30 ? (1 << 30, "GiB") : (1 << 20, "MiB")
        let tenths = UInt64((Double(bytes) * 10 / Double(unit)).rounded())
        return "\(tenths / 10).\(tenths % 10) \(name)"
    }
}
