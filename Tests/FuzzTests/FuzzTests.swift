import Foundation
import Testing

/// A share of what `scripts/fuzz` reads. DAIN_FUZZ_INPUTS makes it larger, DAIN_FUZZ_SEED another one.
@Suite struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let inputs = environment["DAIN_FUZZ_INPUTS"] ?? "1500"
    private static let seed = environment["DAIN_FUZZ_SEED"] ?? "1"

    private func failures() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("dain-fuzz-\(UUID().uuidString)").path
    }

    @Test func damagedInputsEndWithAResultOrAMessage() async throws {
        let run = try await FuzzProcess.run(["run", "--inputs", Self.inputs, "--seed", Self.seed])
        #expect(run.exitCode == 0, "\(run.output)")
        #expect(run.output.contains(" inputs, 0 failed\n"))
        // Damage that is always refused reaches nothing, and damage that never is does none.
        for line in run.output.split(separator: "\n") where line.contains(" read, ") {
            #expect(!line.contains(" 0 read, ") && !line.contains(" 0 refused, "), "\(line)")
        }
    }

    @Test(arguments: [
        ("planted-trap", "signal"), ("planted-abort", "signal 6"), ("planted-hang", "no end within 0.5 s"),
        ("planted-memory", "more than 200 MiB of memory"), ("planted-message", "no message for users"),
    ])
    func aPlantedFaultIsFound(_ target: String, _ cause: String) async throws {
        let folder = failures()
        defer { _ = Result { try FileManager.default.removeItem(atPath: folder) } }
        let run = try await FuzzProcess.run([
            "run", "--target", target, "--inputs", "10", "--seed", "5", "--jobs", "1", "--seconds", "0.5",
            "--memory",
            "\(200 << 20)", "--failures", folder,
        ])
        #expect(run.exitCode == 1, "\(run.output)")
        // Inputs 3 and 8 of ten are at fault, and those behind them are read all the same.
        for index in [3, 8] {
            #expect(run.output.contains("\(target): input \(index) of seed 5: "), "\(run.output)")
            let kept = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(target)-5-\(index)"))
            #expect([UInt8](kept) == [3])
        }
        #expect(run.output.contains(cause), "\(run.output)")
        #expect(run.output.contains("10 inputs: "), "\(run.output)")
        #expect(run.output.contains("10 inputs, 2 failed\n"), "\(run.output)")
    }

    @Test func aSeedMakesTheSameInputs() async throws {
        var runs: [String] = []
        for _ in 0..<2 {
            let arguments = ["run", "--target", "pickles", "--inputs", "400", "--seed", "9"]
            runs.append(try await FuzzProcess.run(arguments).output)
        }
        // All but the time and the memory that it took.
        let counts = runs.map { $0.split(separator: ";")[0] }
        #expect(counts[0] == counts[1] && counts[0].hasPrefix("pickles: 400 inputs: "), "\(runs)")
    }
}
