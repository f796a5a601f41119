import Evaluation
import Foundation

/// What `dain evaluate` prints of a benchmark. The names of its JSON are part of the program's interface.
struct DatasetReport: Encodable {
    struct Sequence: Encodable {
        var name: String
        var score: Score

        private enum Key: String, CodingKey { case name }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(name, forKey: .name)
            try score.encode(to: encoder)
        }
    }

    private enum CodingKeys: String, CodingKey { case dataset, device, precision, sequences, mean, average }

    let dataset: String
    let device: String
    let precision: String
    private var sequences: [Sequence] = []
    /// Of the averages of the neighbours, for comparison.
    private var averages: [Score] = []

    init(_ layout: DatasetLayout, on device: ChosenDevice) {
        dataset = layout.rawValue
        (self.device, precision) = (device.name, device.precision.rawValue)
    }

    mutating func add(_ name: String, _ score: Score, average: Score) {
        sequences.append(Sequence(name: name, score: score))
        averages.append(average)
    }

    private var mean: Score? { Score.mean(of: sequences.map(\.score)) }
    private var average: Score? { Score.mean(of: averages) }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(dataset, forKey: .dataset)
        try container.encode(device, forKey: .device)
        try container.encode(precision, forKey: .precision)
        try container.encode(sequences, forKey: .sequences)
        try container.encode(mean, forKey: .mean)
        try container.encode(average, forKey: .average)
    }

    var text: String {
        var table = TextTable(columns: ["sequence", "IE", "PSNR", "SSIM"])
        for sequence in sequences { table.add([sequence.name] + TextTable.cells(sequence.score)) }
        table.addGap()
        if let mean { table.add(["mean of \(sequences.count)"] + TextTable.cells(mean)) }
        if let average { table.add(["average of both neighbours"] + TextTable.cells(average)) }
        return "\(dataset): IE in code values, PSNR in dB, of 8-bit RGB\n\n" + table.text
    }
}

/// A report as one object.
enum ReportJSON {
    static func text(_ report: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }
}

/// Rows in columns; the first is text, all others numbers.
struct TextTable {
    private var rows: [[String]]

    init(columns: [String]) { rows = [columns] }

    mutating func add(_ row: [String]) { rows.append(row) }

    mutating func addGap() { rows.append([]) }

    var text: String {
        let first = (rows.compactMap(\.first).map(\.count).max() ?? 0) + 2
        let others = rows.flatMap { $0.dropFirst() }.map(\.count).max() ?? 0
        return rows.map { row in
            guard let name = row.first else { return "" }
            let cells = row.dropFirst().map { Self.pad($0, to: others + 2, before: true) }
            return Self.pad(name, to: first, before: false) + cells.joined()
        }.joined(separator: "\n")
    }

    private static func pad(_ text: String, to width: Int, before: Bool) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return before ? space + text : text + space
    }

    /// IE, PSNR and SSIM as cells.
    static func cells(_ score: Score) -> [String] {
        [String(format: "%.3f", score.ie), psnr(score), ssim(score)]
    }

    static func psnr(_ score: Score) -> String {
        score.psnr.isFinite ? String(format: "%.2f", score.psnr) : "inf"
    }

    static func ssim(_ score: Score) -> String { score.ssim.map { String(format: "%.4f", $0) } ?? "-" }
}
