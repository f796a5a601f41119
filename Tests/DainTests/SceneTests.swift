import Foundation
import Testing
import Timing

/// Cuts and repeated frames, from the command line to the decoded result.
struct SceneTests {
    /// What `--report` writes.
    private struct Report: Decodable {
        struct Time: Decodable {
            var exact: String
            var seconds: Double
        }
        struct Cut: Decodable {
            var frame: Int
            var time: Time
            var distance: Double
        }
        struct Run: Decodable {
            var first: Int
            var count: Int
            var time: Time
            var end: Time
        }
        var version: String
        var input: String
        var sceneThreshold: Double?
        var frames: Int
        var cuts: [Cut]
        var duplicates: [Run]
    }

    /// A clip at 24 frames a second of 48×32 drawings: a bright scene up to the cut, a dark one from there on, each with a
    /// ramp that moves by `drawing(frame)`.
    private func write(_ file: URL, frames: Int, cut: Int, drawing: @Sendable (Int) -> Int) throws {
        try Clips.writeY4M(file, width: 48, height: 32, frames: frames, rate: "24:1") { x, y, frame in
            let ramp = (3 * x + y + 7 * drawing(frame)) % 60
            return UInt8(frame < cut ? 170 + ramp : 30 + ramp)
        }
    }

    private func run(_ folder: TemporaryFolder, _ arguments: [String]) async throws -> [Picture] {
        let result = try await DainProcess.run(
            ["interpolate", folder["clip.y4m"].path, "--codec", "ffv1", "-o", folder["out.mkv"].path]
                + arguments)
        #expect(result.exitCode == 0, "\(result)")
        return try Picture.all(of: folder["out.mkv"])
    }

    private func report(_ folder: TemporaryFolder) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(contentsOf: folder["report.json"]))
    }

    @Test func acrossACutTheNearerFrameIsHeld() async throws {
        let folder = try TemporaryFolder()
        try write(folder["clip.y4m"], frames: 8, cut: 4) { $0 }
        let source = try Picture.all(of: folder["clip.y4m"])
        let result = try await run(folder, ["--factor", "3", "--report", folder["report.json"].path])
        try #require(result.count == 24)
        for index in 0..<8 { #expect(result[3 * index].planes == source[index].planes) }
        #expect(result[10].planes == source[3].planes && result[11].planes == source[4].planes)
        // Elsewhere new frames are made.
        #expect(result[7].planes != source[2].planes && result[7].planes != source[3].planes)

        let report = try report(folder)
        #expect(report.cuts.map(\.frame) == [4] && report.duplicates.isEmpty && report.frames == 8)
        #expect(report.cuts[0].time.exact == "1/6" && abs(report.cuts[0].time.seconds - 1.0 / 6) < 1e-12)
        #expect(report.sceneThreshold.map { abs($0 - 0.12) < 1e-6 } == true)
        #expect(report.input == folder["clip.y4m"].path)

        let mixed = try await run(folder, ["--no-scene-detection"])
        #expect(mixed[7].planes != source[3].planes && mixed[7].planes != source[4].planes)
        let strict = try await run(folder, ["--scene-threshold", "1"])
        #expect(strict.map(\.planes) == mixed.map(\.planes))
    }

    /// Drawings on twos: 0 0 1 1 2 2.
    private func onTwos() throws -> (TemporaryFolder, [Picture]) {
        let folder = try TemporaryFolder()
        try write(folder["clip.y4m"], frames: 6, cut: 6) { $0 / 2 }
        return (folder, try Picture.all(of: folder["clip.y4m"]))
    }

    @Test func repeatsAreKeptAndNotComputed() async throws {
        let (folder, source) = try onTwos()
        let result = try await run(folder, ["--report", folder["report.json"].path])
        try #require(result.count == 12)
        for index in 0..<6 { #expect(result[2 * index].planes == source[index].planes) }
        for index in [1, 5, 9] { #expect(result[index].planes == source[index / 2].planes) }
        for index in [3, 7] { #expect(!source.map(\.planes).contains(result[index].planes)) }
        let runs = try report(folder).duplicates
        #expect(runs.map(\.first) == [0, 2, 4] && runs.map(\.count) == [2, 2, 2])
        #expect(
            runs.map(\.time.exact) == ["0", "1/12", "1/6"] && runs.map(\.end.exact) == ["1/12", "1/6", "1/4"])
    }

    @Test func retimeMovesEvenly() async throws {
        let (folder, source) = try onTwos()
        let result = try await run(folder, ["--duplicates", "retime"])
        #expect(result.count == 12)
        #expect(
            result.map { ($0.time * Rational(1000)).rounded }
                == (0..<12).map { (Rational($0 * 1000, 48)).rounded })
        for index in [0, 4, 8, 9, 10, 11] {
            #expect(result[index].planes == source[min(index / 2, 4)].planes, "frame \(index)")
        }
        for index in [1, 2, 3, 5, 6, 7] {
            #expect(!source.map(\.planes).contains(result[index].planes), "frame \(index)")
        }
    }

    @Test func dropLeavesNoRepeats() async throws {
        let (folder, source) = try onTwos()
        let result = try await run(folder, ["--duplicates", "drop"])
        // Each drawing and a new one half way, a twenty-fourth of a second each; the last one lasts two.
        #expect(result.map { ($0.time * Rational(1000)).rounded } == [0, 42, 83, 125, 167])
        #expect([0, 2, 4].map { result[$0].planes } == [0, 2, 4].map { source[$0].planes })
        #expect(try abs(MediaFile(folder["out.mkv"]).duration!.doubleValue - 0.25) < 0.0011)
        let whole = try await run(folder, ["--duplicates", "drop", "--fps", "96"])
        #expect(zip(whole, whole.dropFirst()).allSatisfy { $0.planes != $1.planes })
        #expect(whole.count == 17)
    }

    @Test func wrongOptionsAreRefused() async throws {
        let (folder, _) = try onTwos()
        for arguments in [
            ["--scene-threshold", "0"], ["--scene-threshold", "1.5"], ["--scene-threshold", "nan"],
            ["--no-scene-detection", "--scene-threshold", "0.3"], ["--duplicates", "some"],
            ["--report", folder["none/report.json"].path], ["--report", folder.path], ["--report", "-"],
            ["--report", folder["clip.y4m"].path], ["--report", folder["out.mkv"].path],
        ] {
            let result = try await DainProcess.run(
                ["interpolate", folder["clip.y4m"].path, "-o", folder["out.mkv"].path] + arguments)
            #expect(
                result.exitCode == 2 && result.stderr.hasPrefix("dain: error:"), "\(arguments): \(result)")
        }
        #expect(try folder.names() == ["clip.y4m"])
    }
}
