import Foundation
import Media
import Testing
import Timing

/// `--dry-run`: what would be done.
struct DryRunTests {
    private struct Report: Decodable {
        struct Plan: Decodable {
            struct Video: Decodable {
                var width, height: Int
                var pixelFormat, inputRate, outputRate: String?
            }
            struct Frames: Decodable { var input, output, newAtMost: Int? }
            struct Durations: Decodable { var input, output: Double? }
            struct Encoder: Decodable { var container, name, codec, pixelFormat: String }
            struct Stream: Decodable, Equatable {
                var kind, codec, fate: String
                var reason: String?
            }
            struct Memory: Decodable { var bytes, limitBytes, tiles, tileWidth, tileHeight: Int }
            struct Estimate: Decodable {
                var seconds: Double?
                var secondsPerNewFrame: Double
                var probe: String
            }
            var output: String
            var video: Video
            var frames: Frames
            var durations: Durations
            var encoder: Encoder
            var streams: [Stream]
            var memory: Memory
            var estimate: Estimate
            var warnings: [String]
        }
        var dryRun: Bool
        var exitCode: Int
        var estimatedSeconds: Double?
        var plans: [Plan]
    }

    private func plan(_ arguments: [String], in folder: TemporaryFolder) async throws -> Report {
        let before = try folder.names()
        let result = try await DainProcess.run(
            ["interpolate"] + arguments + ["--dry-run", "--json"], currentDirectory: folder.url)
        #expect(result.exitCode == 0, "\(result)")
        #expect(try folder.names() == before)
        return try JSONDecoder.snakeCase.decode(Report.self, from: Data(result.stdout.utf8))
    }

    @Test func thePlanOfAVideo() async throws {
        let folder = try TemporaryFolder()
        let report = try await plan([Clips["av.mp4"].path, "--fps", "60", "-o", "out.mkv"], in: folder)
        #expect(report.dryRun && report.exitCode == 0)
        let plan = try #require(report.plans.first)
        #expect(plan.output == "out.mkv")
        #expect(plan.video.width == 96 && plan.video.height == 64)
        #expect(plan.video.inputRate == "24" && plan.video.outputRate == "60")
        // Of every five instants two are the input's own: 0, 1/60, … 5/60 of which 0 and 5/60 meet a frame.
        #expect(plan.frames.input == 24 && plan.frames.output == 60 && plan.frames.newAtMost == 46)
        #expect(plan.durations.input == 1 && plan.durations.output == 1)
        #expect(plan.encoder.container == "matroska" && plan.encoder.name == "libx264")
        #expect(plan.encoder.codec == "h264" && plan.encoder.pixelFormat == "yuv420p")
        #expect(plan.streams.map(\.fate) == ["interpolated", "kept", "dropped"])
        #expect(plan.streams.map(\.kind) == ["video", "audio", "subtitle"])
        #expect(plan.streams[2].reason?.contains("matroska") == true)
        #expect(plan.memory.tiles == 1 && plan.memory.tileWidth == 128 && plan.memory.tileHeight == 64)
        #expect(plan.memory.bytes > 0 && plan.memory.bytes < plan.memory.limitBytes)
        let seconds = try #require(plan.estimate.seconds)
        #expect(seconds > 0 && plan.estimate.probe == "96x64")
        #expect(report.estimatedSeconds == seconds)
    }

    /// Sound that is longer than the video, as most is by its encoder's frames, makes no frames.
    @Test func longerSoundMakesNoFrames() async throws {
        let folder = try TemporaryFolder()
        try Remux.encode(
            folder["picture.mkv"], width: 64, height: 48, frames: 25,
            settings: EncoderSettings(codec: "ffv1"),
            in: folder)
        try Clips.writeWAV(folder["sound.wav"], rate: 8000, samples: [Int16](repeating: 900, count: 16_000))
        try Remux.combine([folder["picture.mkv"], folder["sound.wav"]], into: folder["clip.mkv"])
        #expect(try MediaFile(folder["clip.mkv"]).duration == Rational(2))
        for clip in [folder["clip.mkv"].path, Clips["late-audio.mkv"].path, Clips["attachments.mkv"].path] {
            let plan = try #require(await plan([clip, "-o", "out.mkv"], in: folder).plans.first)
            let count = try MediaFile(URL(fileURLWithPath: clip)).video.packets.count
            #expect(plan.frames.input == count && plan.frames.output == 2 * count, "\(clip)")
            let rate = clip == folder["clip.mkv"].path ? 25.0 : 24
            #expect(plan.durations.input == (Double(count) / rate * 1000).rounded() / 1000, "\(clip)")
        }
    }

    @Test func thePlanKeepsItsWord() async throws {
        let folder = try TemporaryFolder()
        let clip = Clips["drop-24000-1001.mp4"].path
        let report = try await plan(
            [clip, "--factor", "3", "--start", "0.2", "--end", "0.5", "-o", "out.mp4"], in: folder)
        let planned = try #require(report.plans.first?.frames.output)
        let result = try await DainProcess.run(
            ["interpolate", clip, "--factor", "3", "--start", "0.2", "--end", "0.5", "-o", "out.mp4"],
            currentDirectory: folder.url)
        #expect(result.exitCode == 0, "\(result)")
        #expect(try MediaFile(folder["out.mp4"]).video.packets.count == planned)
    }

    @Test func tilesAreThoseOfTheRun() async throws {
        let folder = try TemporaryFolder()
        try Clips.writeY4M(folder["in.y4m"], width: 1280, height: 720, frames: 2) { x, _, _ in UInt8(x % 200)
        }
        let report = try await plan(["in.y4m", "-o", "out.mkv", "--max-memory", "1200M"], in: folder)
        let memory = try #require(report.plans.first?.memory)
        #expect(memory.tiles > 1 && memory.limitBytes == 1200 << 20 && memory.bytes <= memory.limitBytes)
    }

    @Test func aPairABatchAndAFolderOfImages() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(at: folder["in"], withIntermediateDirectories: false)
        for number in 1...3 { try Clips.writeRamp(folder["in/\(number).ppm"], frame: number) }
        let pair = try await plan(["in/1.ppm", "in/2.ppm", "-o", "middle.png"], in: folder)
        #expect(pair.plans[0].frames.output == 1 && pair.plans[0].encoder.name == "png")
        let batch = try await plan(["in", "in/%d.ppm", "--output-dir", "new/deep"], in: folder)
        #expect(batch.plans.map(\.output) == ["new/deep/in-2x/", "new/deep/%d-2x.ppm"])
        #expect(batch.plans.map(\.frames.output) == [6, 6])
        #expect(batch.plans.map(\.encoder.codec) == ["png", "ppm"])
    }

    @Test func peopleReadIt() async throws {
        let folder = try TemporaryFolder()
        let result = try await DainProcess.run([
            "interpolate", Clips["av.mp4"].path, "-o", folder["out.mkv"].path, "--dry-run",
        ])
        #expect(result.exitCode == 0, "\(result)")
        for text in [
            "24 to 48, at most 23 of them new", "libx264 (h264), yuv420p, in matroska", "audio (aac) kept",
            "subtitle (mov_text) dropped: ", "frames in one piece", "scaled by area", "nothing was written",
        ] {
            #expect(result.stdout.contains(text), "\(text)\n\(result)")
        }
        #expect(try folder.names().isEmpty)
    }

    @Test(arguments: [
        (["missing.mp4"], "missing.mp4: cannot be opened"),
        (["-"], "--dry-run cannot look into standard input"),
        (["in.y4m", "-o", "missing/out.mkv"], "the folder does not exist"),
        (["in.y4m", "-o", "in.y4m"], "would replace an input"),
        (["in.y4m", "-o", "out.mkv", "--no-overwrite"], "out.mkv: exists already"),
        (["in.y4m", "--start", "9", "-o", "x.mkv"], "no frame lies in the part"),
        (["in.y4m", "--progress-file", "x"], "exclude each other"),
    ])
    func refusals(_ arguments: [String], _ expected: String) async throws {
        let folder = try TemporaryFolder()
        try Clips.writeY4M(folder["in.y4m"], width: 64, height: 64, frames: 2) { _, _, _ in 100 }
        try Data("old".utf8).write(to: folder["out.mkv"])
        let result = try await DainProcess.run(
            ["interpolate"] + arguments + ["--dry-run"], currentDirectory: folder.url)
        #expect(result.exitCode == 2, "\(result)")
        #expect(result.stderrLines.count == 1 && result.stderr.contains(expected), "\(result)")
        #expect(try folder.names() == ["in.y4m", "out.mkv"])
    }
}
