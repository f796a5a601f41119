import Foundation
import Media
import Testing

/// `dain evaluate`: benchmarks, clips, and what it refuses.
struct EvaluateTests {
    private struct Figures: Decodable {
        var ie: Double
        var psnr: Double?
        var ssim: Double?
    }

    private struct DatasetFigures: Decodable {
        struct Sequence: Decodable {
            var name: String
            var ie: Double
            var psnr: Double?
            var ssim: Double?
        }

        var dataset: String
        var sequences: [Sequence]
        var mean: Figures
        var average: Figures
    }

    private struct ClipFigures: Decodable {
        struct Frame: Decodable {
            var frame: Int
            var time: Double
            var interpolated: Figures
            var average: Figures
        }

        struct Mean: Decodable {
            var interpolated: Figures
            var average: Figures
        }

        var clip: String
        var frames: [Frame]
        var cuts: [Int]
        var mean: Mean
        var worst: Int
        var best: Int
        var picture: String
    }

    /// Writes a frame of a ramp that moves by two pixels a frame, as `Clips.writeRamp` does, as PNG.
    private func writeFrame(_ number: Int, to file: URL, width: Int = 64, height: Int = 48) throws {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        var bytes: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let value = 40 + 3 * (x - 2 * number) + y % 7
                bytes += [value, value / 2 + 30, 220 - value / 2].map { UInt8(clamping: $0) }
            }
        }
        let writer = try ImageWriter(
            like: file.path, settings: EncoderSettings(), overwrite: false, inputs: [])
        try writer.write(
            VideoFrame(width: width, height: height, pixelFormat: "rgb24", bytes: bytes), to: file.path)
    }

    private func evaluate(_ arguments: [String], in folder: TemporaryFolder) async throws
        -> DainProcess.Result
    {
        let result = try await DainProcess.run(["evaluate"] + arguments, currentDirectory: folder.url)
        #expect(result.exitCode == 0, "\(result)")
        return result
    }

    private func decode<T: Decodable>(_ type: T.Type, _ result: DainProcess.Result) throws -> T {
        try JSONDecoder().decode(type, from: Data(result.stdout.utf8))
    }

    /// Mean absolute error and PSNR, computed here.
    private func difference(_ first: URL, _ second: URL) throws -> (ie: Double, psnr: Double) {
        let pictures = try [first, second].map { try #require(try Picture.all(of: $0).first).planes[0] }
        let differences = zip(pictures[0], pictures[1]).map { Double($0) - Double($1) }
        let count = Double(differences.count)
        let squared = differences.reduce(0) { $0 + $1 * $1 } / count
        return (differences.reduce(0) { $0 + abs($1) } / count, 10 * log10(255 * 255 / squared))
    }

    @Test func aBenchmarkInJSONIsWhatInterpolateMakes() async throws {
        let folder = try TemporaryFolder()
        for (name, start) in [("Walking", 0), ("Army", 3)] {
            for (file, step) in [("frame10", 0), ("frame10i11", 1), ("frame11", 2)] {
                try writeFrame(start + step, to: folder["set/\(name)/\(file).png"])
            }
        }
        let figures = try decode(DatasetFigures.self, try await evaluate(["set", "--json"], in: folder))
        #expect(figures.dataset == "Middlebury")
        #expect(figures.sequences.map(\.name) == ["Army", "Walking"])
        for sequence in figures.sequences {
            let input = "set/\(sequence.name)"
            let made = try await DainProcess.run(
                [
                    "interpolate", "\(input)/frame10.png", "\(input)/frame11.png", "-o",
                    "\(sequence.name).png",
                ],
                currentDirectory: folder.url, rectified: true)
            #expect(made.exitCode == 0, "\(made)")
            let (ie, psnr) = try difference(folder["\(sequence.name).png"], folder["\(input)/frame10i11.png"])
            // The files are rounded to 8 bits by the same rule.
            #expect(abs(sequence.ie - ie) < 1e-9 && sequence.ie < 3)
            #expect(abs(try #require(sequence.psnr) - psnr) < 1e-9)
            #expect(try #require(sequence.ssim) > 0.9)
        }
        let ies = figures.sequences.map(\.ie)
        let psnrs = figures.sequences.compactMap(\.psnr)
        #expect(abs(figures.mean.ie - (ies[0] + ies[1]) / 2) < 1e-12)
        #expect(abs(try #require(figures.mean.psnr) - (psnrs[0] + psnrs[1]) / 2) < 1e-12)
        #expect(try folder.names(in: "set") == ["Army", "Walking"], "nothing is written beside the frames")
    }

    @Test func aBenchmarkAsATable() async throws {
        let folder = try TemporaryFolder()
        for file in ["frame_00", "frame_01_gt", "frame_02"] {
            try writeFrame(5, to: folder["ucf/1/\(file).png"])
        }
        try writeFrame(5, to: folder["ucf/2/frame_00.png"])
        let result = try await evaluate(["ucf", "--threads", "1", "--projection", "plain"], in: folder)
        let lines = result.stdout.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines[0].first == "UCF101:")
        #expect(lines[1] == ["sequence", "IE", "PSNR", "SSIM"])
        #expect(lines[2].count == 4 && lines[2][0] == "1" && Double(lines[2][1]) != nil)
        #expect(lines[3] == ["mean", "of", "1"] + lines[2].dropFirst())
        // The neighbours are the truth; in JSON as well.
        let figures = try decode(
            DatasetFigures.self, try await evaluate(["ucf", "--json", "--quiet"], in: folder))
        #expect(figures.average.ie == 0 && figures.average.psnr == nil && figures.average.ssim == 1)
        #expect(lines[4].suffix(3) == ["0.000", "inf", "1.0000"])
        #expect(
            result.stderr.contains("warning: ucf: 1 sequence lacks a file and is passed over: 2/frame_02"),
            "\(result)"
        )
        #expect(result.stderr.contains("1 sequences in"), "progress: \(result)")
    }

    @Test func everyOtherFrameOfAClipIsMeasured() async throws {
        let folder = try TemporaryFolder()
        for number in 0..<6 { try writeFrame(number, to: folder["in/shot\(number).png"]) }
        // A repeated frame, after which the motion goes on: the hardest of all to average.
        try writeFrame(12, to: folder["in/shot6.png"])
        let result = try await evaluate(["in", "--json"], in: folder)
        let figures = try decode(ClipFigures.self, result)
        #expect(figures.clip == "in" && figures.picture == "in-evaluation.png")
        #expect(figures.frames.map(\.frame) == [1, 3, 5])
        #expect(figures.frames.map(\.time) == [0.04, 0.12, 0.2])
        // The average of two ramps is the ramp between; only their clipped ends differ.
        #expect(figures.frames[0].average.ie < 0.5)
        #expect(figures.worst == 5)
        let psnr = try figures.frames.map { try #require($0.interpolated.psnr) }
        let best = try #require(figures.frames.first { $0.frame == figures.best })
        #expect(best.interpolated.psnr == psnr.max())
        #expect(abs(try #require(figures.mean.interpolated.psnr) - psnr.reduce(0, +) / 3) < 1e-9)
        let made = try await DainProcess.run(
            ["interpolate", "in/shot0.png", "in/shot2.png", "-o", "made.png"],
            currentDirectory: folder.url, rectified: true)
        #expect(made.exitCode == 0, "\(made)")
        let expected = try difference(folder["made.png"], folder["in/shot1.png"])
        #expect(abs(psnr[0] - expected.psnr) < 1e-9)
        #expect(result.stderr.contains("VMAF"))

        let picture = try #require(try Picture.all(of: folder["in-evaluation.png"]).first)
        #expect(picture.format == "rgb24" && picture.width >= 960 && picture.height > 1000)
        #expect(try folder.names() == ["in", "in-evaluation.png", "made.png"])
        #expect(try folder.names(in: "in").count == 7)
    }

    @Test func framesAtCutsAreLeftOut() async throws {
        let folder = try TemporaryFolder()
        // The ramp and, from the fourth frame on, its far end, which looks like nothing of what was before.
        for number in 0..<7 {
            try writeFrame(number + (number < 3 ? 0 : 600), to: folder["in/\(number).png"])
        }
        let result = try await evaluate(["in", "--json"], in: folder)
        let figures = try decode(ClipFigures.self, result)
        #expect(figures.frames.map(\.frame) == [1, 5] && figures.cuts == [3], "\(result)")
        let table = try await evaluate(["in"], in: folder)
        #expect(
            table.stdout.hasPrefix("in: every other frame held out (1 frame at cuts left out);"), "\(table)")
        let all = try decode(
            ClipFigures.self, try await evaluate(["in", "--json", "--no-scene-detection"], in: folder))
        #expect(all.frames.map(\.frame) == [1, 3, 5] && all.cuts.isEmpty && all.worst == 3)
        for number in 0..<7 where number < 2 || number > 4 {
            try FileManager.default.removeItem(at: folder["in/\(number).png"])
        }
        let none = try await DainProcess.run(["evaluate", "in"], currentDirectory: folder.url)
        #expect(none.exitCode == 2 && none.stdout.isEmpty)
        #expect(none.stderr.contains("error: in: every held-out frame lies at a cut, "), "\(none)")
    }

    @Test func sequencesOfAnotherLayoutAreNamed() async throws {
        let folder = try TemporaryFolder()
        for file in ["a/frame10", "a/frame10i11", "a/frame11", "b/im1", "b/im2", "b/im3", "c/frame10"] {
            try writeFrame(2, to: folder["set/\(file).png"])
        }
        for file in ["frame10", "frame10i11", "frame11"] {
            try writeFrame(1, to: folder["set/d/\(file).png"])
        }
        let result = try await evaluate(["set"], in: folder)
        #expect(
            result.stderr.contains(
                "warning: set: passed over: 1 sequence of another layout than Middlebury\n"),
            "\(result)")
        #expect(result.stderr.contains("is passed over: c/frame11\n"), "\(result)")
    }

    @Test func aVideoHasATableAndAPicture() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(at: Clips["vfr.mkv"], to: folder["clip.mkv"])
        let result = try await evaluate(["clip.mkv"], in: folder)
        let lines = result.stdout.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.contains { $0.prefix(3) == ["mean", "of", "5"] && $0.count == 7 })
        #expect(lines.contains { $0.first == "worst," } && lines.contains { $0.first == "best," })
        #expect(result.stderr.contains("wrote clip-evaluation.png"), "\(result)")
        #expect(try folder.names() == ["clip-evaluation.png", "clip.mkv"])
        _ = try await evaluate(["clip.mkv", "-o", "other.tif", "--quiet"], in: folder)
        #expect(try folder.names() == ["clip-evaluation.png", "clip.mkv", "other.tif"])
    }

    @Test func aPatternIsAClip() async throws {
        let folder = try TemporaryFolder()
        for number in 1...3 { try writeFrame(number, to: folder["in/\(number).png"]) }
        try writeFrame(3, to: folder["in/cover.png"])
        let figures = try decode(ClipFigures.self, try await evaluate(["in/%d.png", "--json"], in: folder))
        #expect(figures.frames.map(\.frame) == [1])
        #expect(try folder.names() == ["in", "in-evaluation.png"])
    }

    @Test(arguments: [
        (["empty"], "empty: is no benchmark (Middlebury NAME/frame10.png"),
        (["half"], "half: no sequence is complete: 1/frame_01_gt is not there, as PNG or WebP"),
        (["in", "--scene-threshold", "2"], "--scene-threshold must be above 0 and up to 1"),
        (["missing.mp4"], "missing.mp4: cannot be opened: No such file"),
        (["notes.txt"], "notes.txt: cannot be opened"),
        ([""], "the input's name is empty"),
        (["two"], "two: has fewer than three frames"),
        (["uneven"], "uneven: the frames of sequence 1 differ in size"),
        (["uneven", "-o", "x.png"], "--output is for a clip's picture"),
        (["uneven", "--no-scene-detection"], "are for a clip; a benchmark has no cuts"),
        (["in", "-o", "in/2.png"], "in/2.png: the output would replace an input"),
        (["in/%d.png", "-o", "in/2.png"], "in/2.png: the output would replace an input"),
        (["in", "-o", "x.nonsense"], "x.nonsense"),
        (["in", "-o", "missing/x.png"], "missing/x.png: the folder does not exist"),
        (["in", "-o", ""], "--output is empty"),
        (["in", "--threads", "0"], "--threads"),
        (["in", "--model", "nonsense"], "nonsense"),
        (["in", "other"], "other"),
    ])
    func refusals(_ arguments: [String], _ expected: String) async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(at: folder["empty"], withIntermediateDirectories: false)
        try Data("This is no video.\n".utf8).write(to: folder["notes.txt"])
        for number in 1...3 { try writeFrame(number, to: folder["in/\(number).png"]) }
        for number in 1...2 { try writeFrame(number, to: folder["two/\(number).png"]) }
        for (number, name) in ["frame_00", "frame_02"].enumerated() {
            try writeFrame(number, to: folder["half/1/\(name).png"])
        }
        for (name, width) in [("im1", 64), ("im2", 63), ("im3", 64)] {
            try writeFrame(1, to: folder["uneven/1/\(name).png"], width: width)
        }
        let result = try await DainProcess.run(["evaluate"] + arguments, currentDirectory: folder.url)
        #expect(result.exitCode == 2, "\(arguments): \(result)")
        #expect(result.stdout.isEmpty)
        let errors = result.stderrLines.filter { $0.hasPrefix("dain: error: ") }
        #expect(errors.count == 1 && errors[0].contains(expected), "\(arguments): \(result)")
        // With `--json` the same line stands in an object, and on standard error as before.
        let told = try await DainProcess.run(
            ["evaluate", "--json"] + arguments, currentDirectory: folder.url)
        let failure = try #require(
            JSONSerialization.jsonObject(with: Data(told.stdout.utf8)) as? [String: Any], "\(told)")
        #expect(failure["status"] as? String == "failed" && failure["exit_code"] as? Int == 2, "\(told)")
        #expect(errors == ["dain: error: \(failure["error"] as? String ?? "")"], "\(told)")
        #expect(told.exitCode == 2 && told.stderr == result.stderr, "\(told)")
        #expect(try folder.names() == ["empty", "half", "in", "notes.txt", "two", "uneven"])
    }
}
