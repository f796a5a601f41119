import Foundation
import Testing

/// Frames in tiles, as little memory makes them.
@Suite(.serialized) struct TileTests {
    /// Two frames of 768×448 with structure of all sizes, which moves by (6, 3) pixels.
    private func frames() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, shift) in [("a.ppm", (0, 0)), ("b.ppm", (6, 3))] {
            var data = Data("P6\n768 448\n255\n".utf8)
            for y in 0..<448 {
                for x in 0..<768 {
                    let (u, v) = (Double(x - shift.0), Double(y - shift.1))
                    for channel in 0..<3 {
                        let (coarse, fine) = (Double(31 + 9 * channel), Double(7 + channel))
                        let value =
                            0.5 + 0.22 * sin(u / coarse) * cos(v / (coarse - 5)) + 0.12
                            * sin((u + 2 * v) / fine)
                            + 0.1 * cos(v / fine)
                        data.append(UInt8(max(0, min(255, 255 * value))))
                    }
                }
            }
            try data.write(to: folder[name])
        }
        return folder
    }

    private func picture(_ name: String, in folder: TemporaryFolder) throws -> [UInt8] {
        try #require(try Picture.all(of: folder[name]).first).planes[0].map(\.self)
    }

    @Test func tilesGiveWhatTheWholeFrameDoes() async throws {
        let folder = try frames()
        let whole = try await DainProcess.run(
            ["interpolate", "a.ppm", "b.ppm", "-o", "whole.ppm", "--max-memory", "8G"],
            currentDirectory: folder.url)
        #expect(whole.exitCode == 0 && !whole.stderr.contains("tiles"), "\(whole)")
        let tiled = try await DainProcess.run(
            ["interpolate", "a.ppm", "b.ppm", "-o", "tiled.ppm", "--max-memory", "900M"],
            currentDirectory: folder.url)
        #expect(tiled.exitCode == 0, "\(tiled)")
        #expect(
            tiled.stderr.contains("dain: note: frames are computed in 3 tiles of 384x448: about "), "\(tiled)"
        )
        let differences = zip(try picture("whole.ppm", in: folder), try picture("tiled.ppm", in: folder))
            .map { abs(Int($0) - Int($1)) }
        #expect(differences.count == 768 * 448 * 3)
        #expect(Double(differences.reduce(0, +)) / Double(differences.count) < 0.5, "code values on average")
        // A seam would show as a line of larger differences.
        #expect(differences.max() ?? 255 < 24)
    }

    @Test func tooLittleIsAnErrorThatSaysHowMuch() async throws {
        let folder = try frames()
        let result = try await DainProcess.run(
            ["interpolate", "a.ppm", "b.ppm", "-o", "out.ppm", "--max-memory", "200M"],
            currentDirectory: folder.url)
        #expect(result.exitCode == 2 && result.stderrLines.count == 1, "\(result)")
        #expect(result.stderr.contains("need at least"), "\(result)")
        #expect(result.stderr.contains("200 MiB are allowed"), "\(result)")
        let least = try #require(result.stderr.firstMatch(of: /'--max-memory (\d+)M' is the least/)?.1)
        let plan = try await DainProcess.run(
            ["interpolate", "a.ppm", "b.ppm", "-o", "out.ppm", "--max-memory", "200M", "--dry-run"],
            currentDirectory: folder.url)
        #expect(plan.exitCode == 2 && plan.stderr == result.stderr, "\(plan)")
        #expect(try folder.names() == ["a.ppm", "b.ppm"])
        // What is named will do, and a MiB less will not.
        for (size, code) in [(try #require(Int(least)), Int32(0)), (try #require(Int(least)) - 1, 2)] {
            let plan = try await DainProcess.run(
                ["interpolate", "a.ppm", "b.ppm", "-o", "out.ppm", "--max-memory", "\(size)M", "--dry-run"],
                currentDirectory: folder.url)
            #expect(plan.exitCode == code, "\(size): \(plan)")
        }
        let roomy = try await DainProcess.run(
            ["interpolate", "a.ppm", "b.ppm", "-o", "out.ppm", "--max-memory", "8G", "--dry-run"],
            currentDirectory: folder.url)
        #expect(
            roomy.exitCode == 0 && roomy.stdout.contains("; at least \(least) MiB are needed"), "\(roomy)")
    }

    #if os(Linux)
        /// The system gives less than was planned for: smaller tiles are tried, not the run given up.
        ///
        /// How much address space the libraries take differs from machine to machine. Under one of these limits the whole
        /// frame does not fit and tiles do; under each of them the run ends as it should.
        @Test func memoryThatRunsOutMeansSmallerTiles() async throws {
            let folder = try frames()
            var succeededWithTiles = false
            for kibibytes in stride(from: 1_750_000, through: 1_150_000, by: -100_000)
            where !succeededWithTiles {
                let result = try await DainProcess.run(
                    [
                        "interpolate", "a.ppm", "b.ppm", "-o", "out.ppm", "--max-memory", "8G", "--threads",
                        "2",
                    ],
                    currentDirectory: folder.url, shell: "ulimit -v \(kibibytes)")
                #expect(result.signal == nil && [0, 1].contains(result.exitCode), "\(kibibytes): \(result)")
                if result.exitCode == 0 {
                    #expect(try picture("out.ppm", in: folder).count == 768 * 448 * 3)
                    succeededWithTiles = result.stderr.contains("tiles of")
                } else {
                    #expect(
                        result.stderrLines.last?.contains("out of memory") == true, "\(kibibytes): \(result)")
                }
            }
            #expect(succeededWithTiles)
        }
    #endif

    @Test(arguments: ["6", "-1G", "0M", "nonsense", "1e30G"]) func wrongSizes(_ size: String) async throws {
        let result = try await DainProcess.run(["interpolate", "a.ppm", "--max-memory=\(size)"])
        #expect(result.exitCode == 2 && result.stderrLines.count == 1, "\(result)")
    }
}
