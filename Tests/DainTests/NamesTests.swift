import Foundation
import Testing

/// Names that people stumble over: files with signs that mean something, and misspelt ones.
struct NamesTests {
    private func folder(_ name: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try Clips.writeY4M(folder[name], width: 64, height: 64, frames: 2) { _, _, _ in 100 }
        return folder
    }

    private func run(_ arguments: [String], in folder: TemporaryFolder) async throws -> DainProcess.Result {
        try await DainProcess.run(["interpolate"] + arguments, currentDirectory: folder.url)
    }

    @Test func aNameMayBeginWithADash() async throws {
        let folder = try folder("-clip.y4m")
        let taken = try await run(["-clip.y4m"], in: folder)
        #expect(taken.exitCode == 2, "\(taken)")
        #expect(taken.stderr.hasSuffix("; for the file of that name write ./-clip.y4m\n"), "\(taken)")
        let result = try await run(["--", "-clip.y4m"], in: folder)
        #expect(result.exitCode == 0, "\(result)")
        #expect(try folder.names() == ["-clip-2x.y4m", "-clip.y4m"])
    }

    @Test func percentSignsAreNoPatternInAVideosName() async throws {
        let folder = try folder("100%done.y4m")
        let result = try await run(["100%done.y4m"], in: folder)
        #expect(result.exitCode == 0, "\(result)")
        let other = try await run(["100%done.y4m", "-o", "50%d.mkv"], in: folder)
        #expect(other.exitCode == 0, "\(other)")
        #expect(try folder.names() == ["100%done-2x.y4m", "100%done.y4m", "50%d.mkv"])
        // Each of many pictures would be a file; no animation gets such a name.
        let many = try await run(["100%done.y4m", "-o", "%04d.gif"], in: folder)
        #expect(many.exitCode == 2 && many.stderr.contains("names no image format"), "\(many)")
    }

    @Test func anImageThatIsThereIsNoPattern() async throws {
        let folder = try TemporaryFolder()
        try Clips.writeRamp(folder["50%d.ppm"], frame: 1)
        try Clips.writeRamp(folder["100%.ppm"], frame: 2)
        let result = try await run(["50%d.ppm", "100%.ppm", "-o", "middle.png"], in: folder)
        #expect(result.exitCode == 0, "\(result)")
        #expect(try Picture.all(of: folder["middle.png"]).count == 1)
    }

    @Test func aGIFGetsAPaletteForEachFrame() async throws {
        let folder = try TemporaryFolder()
        // Far more than 256 colours, none of which is far from one of a palette's own.
        try Clips.writePPM(folder["1.ppm"], width: 64, height: 64) { x, y in
            (UInt8(100 + x), UInt8(60 + y), UInt8(90 + (x + y) / 4))
        }
        try FileManager.default.copyItem(at: folder["1.ppm"], to: folder["2.ppm"])
        let result = try await run(["%d.ppm", "-o", "out.gif"], in: folder)
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stderr.contains("reduced to 256 colours"), "\(result)")
        let pictures = try Picture.all(of: folder["out.gif"])
        #expect(pictures.count == 4)
        let source = try Picture.all(of: folder["1.ppm"])[0].planes[0]
        let shown = pictures[0].planes[0]
        try #require(pictures[0].format == "bgra" && shown.count == 4 * 64 * 64)
        // Error diffusion is right on the average of any place: here over 8x8 pixels.
        for block in 0..<64 {
            for channel in 0..<3 {
                var difference = 0
                for place in 0..<64 {
                    let pixel = (block / 8 * 8 + place / 8) * 64 + block % 8 * 8 + place % 8
                    difference += Int(shown[4 * pixel + 2 - channel]) - Int(source[3 * pixel + channel])
                }
                #expect(abs(difference) <= 64 * 3, "block \(block), channel \(channel): \(difference) / 64")
            }
        }
    }

    @Test(arguments: [
        (["--codec", "libx246"], "did you mean 'libx264'?"), (["--codec", "hvec"], "did you mean 'hevc'?"),
        (["--pix-fmt", "yuv420"], "did you mean 'yuv420p'?"),
        (["--format", "matrosk"], "did you mean 'matroska'?"),
        (["--input-format", "rawvide"], "did you mean 'rawvideo'?"),
        (["--model", "dain-campain8"], "did you mean 'dain-campaign8'?"),
        (["--fators", "2"], "--factor"),
    ])
    func nearNamesAreOffered(_ arguments: [String], _ expected: String) async throws {
        let folder = try folder("in.y4m")
        let result = try await run(["in.y4m", "-o", "out.mkv"] + arguments, in: folder)
        #expect(result.exitCode == 2, "\(result)")
        #expect(result.stderr.contains(expected), "\(result)")
        #expect(try folder.names() == ["in.y4m"])
    }

    @Test func namesThatAreFarFromAllGetNoHint() async throws {
        let folder = try folder("in.y4m")
        let result = try await run(["in.y4m", "-o", "out.mkv", "--codec", "qqqqqqqq"], in: folder)
        #expect(result.exitCode == 2 && !result.stderr.contains("did you mean"), "\(result)")
    }

    @Test func whatDeadRunsLeftIsRemoved() async throws {
        let folder = try folder("in.y4m")
        // No process has such a number; process 1 lives; the last one is another result's.
        let dead = [".out.mkv.2147483000.partial"]
        let kept = [".out.mkv.1.partial", ".out.mkv.abc.partial", ".other.mkv.2147483000.partial"]
        for name in dead + kept { try Data("x".utf8).write(to: folder[name]) }
        let result = try await run(["in.y4m", "-o", "out.mkv"], in: folder)
        #expect(result.exitCode == 0, "\(result)")
        #expect(try folder.names() == (kept + ["in.y4m", "out.mkv"]).sorted())
    }

    @Test func whatIsBeingWrittenElsewhereStays() async throws {
        let folder = try folder("in.y4m")
        let name = ".out.mkv.2147483000.partial"
        try Data("x".utf8).write(to: folder[name])
        // As a run on another machine that shares the folder would.
        let descriptor = open(folder[name].path, O_RDWR)
        #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        let result = try await run(["in.y4m", "-o", "out.mkv"], in: folder)
        close(descriptor)
        #expect(result.exitCode == 0, "\(result)")
        #expect(try folder.names() == [name, "in.y4m", "out.mkv"])
    }

    @Test func anEncoderSaysWhyItFails() async throws {
        let folder = try folder("in.y4m")
        let result = try await run(
            ["in.y4m", "-o", "out.mpg", "--codec", "mpeg2video", "--fps", "7"], in: folder)
        #expect(result.exitCode == 2, "\(result)")
        #expect(
            result.stderr
                == "dain: error: encoder mpeg2video cannot be set up: MPEG-1/2 does not support 7/1 fps\n",
            "\(result)")
    }

    @Test func modelsAreVerifiedAsJSON() async throws {
        struct Row: Decodable {
            var name: String
            var isSound: Bool
            var error: String?
        }
        let folder = try TemporaryFolder()
        try Data("x".utf8).write(to: folder["m.safetensors"])
        let manifest = """
            {"models":[{"name":"m","file":"m.safetensors","bytes":72,"sha256":"\(String(repeating: "0", count: 64))",
            "source":"a test","licence":"none"}]}
            """
        try Data(manifest.utf8).write(to: folder["manifest.json"])
        let result = try await DainProcess.run(
            ["models", "verify", "--json"], environment: ["DAIN_MODELS": folder.path])
        #expect(result.exitCode == 1, "\(result)")
        let rows = try JSONDecoder.snakeCase.decode([Row].self, from: Data(result.stdout.utf8))
        #expect(rows.first?.name == "m" && rows.first?.isSound == false)
        #expect(rows.first?.error?.contains("1 bytes, the manifest states 72") == true)
        #expect(rows.dropFirst().allSatisfy { $0.isSound && $0.error == nil })
    }
}
