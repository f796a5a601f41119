import Foundation
import Media
import Testing

/// Two images, folders and patterns of images.
struct ImageTests {
    /// A folder with `count` images that show a ramp moving to the right.
    private func ramps(_ count: Int) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for number in 1...count { try Clips.writeRamp(folder["\(number).ppm"], frame: 2 * number) }
        return folder
    }

    private func run(_ arguments: [String], in folder: TemporaryFolder) async throws -> DainProcess.Result {
        let result = try await DainProcess.run(["interpolate"] + arguments, currentDirectory: folder.url)
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stdout.isEmpty)
        return result
    }

    @Test func thePictureBetweenTwoImages() async throws {
        let folder = try ramps(2)
        _ = try await run(["1.ppm", "2.ppm", "--timestep", "0.5", "-o", "middle.png"], in: folder)
        let middle = try #require(try Picture.all(of: folder["middle.png"]).first)
        #expect(middle.format == "rgb24" && middle.width == 64 && middle.height == 48)
        // The true picture: the ramp on half its way. Three values a pixel, so a pixel of error in motion is three.
        try Clips.writeRamp(folder["truth.ppm"], frame: 3)
        let truth = try #require(try Picture.all(of: folder["truth.ppm"]).first)
        let errors = zip(middle.planes[0], truth.planes[0]).map { abs(Int($0) - Int($1)) }
        #expect(errors.reduce(0, +) < 3 * errors.count, "mean error below 3 code values")
        #expect(try folder.names() == ["1.ppm", "2.ppm", "middle.png", "truth.ppm"])
    }

    @Test func sixteenBitsHoldMoreThanEight() async throws {
        let folder = try ramps(2)
        _ = try await run(["1.ppm", "2.ppm", "-o", "deep.png", "--pix-fmt", "rgb48be"], in: folder)
        _ = try await run(["1.ppm", "2.ppm", "-o", "flat.png"], in: folder)
        let deep = try #require(try Picture.all(of: folder["deep.png"]).first)
        let flat = try #require(try Picture.all(of: folder["flat.png"]).first)
        #expect(deep.format == "rgb48be")
        let values = stride(from: 0, to: deep.planes[0].count, by: 2).map {
            Int(deep.planes[0][$0]) << 8 | Int(deep.planes[0][$0 + 1])
        }
        // Eight bits spread over sixteen are the multiples of 257.
        let between = values.count { $0 % 257 != 0 }
        #expect(between > values.count / 2, "\(between) of \(values.count) lie between 8-bit values")
        #expect(Set(values).count > 256)
        var worst = 0.0
        for (value, byte) in zip(values, flat.planes[0]) {
            // Half a code value is rounding; the conversion's own error, in fixed point, may add that and as much again.
            worst = max(worst, abs(Double(value) / 257 - Double(byte)))
        }
        #expect(worst <= 1.5, "the same picture in both depths")
    }

    @Test func theDefaultNameSaysTheMoment() async throws {
        let folder = try ramps(2)
        _ = try await run(["1.ppm", "2.ppm"], in: folder)
        _ = try await run(["1.ppm", "2.ppm", "--timestep", "0.25"], in: folder)
        #expect(try folder.names() == ["1-t0.25.ppm", "1-t0.5.ppm", "1.ppm", "2.ppm"])
        let (half, quarter) = (
            try Picture.all(of: folder["1-t0.5.ppm"]), try Picture.all(of: folder["1-t0.25.ppm"])
        )
        #expect(half[0].planes != quarter[0].planes)
    }

    /// The picture between two frames of a sequence is none of its frames.
    @Test func aDefaultNameAmongOtherImagesIsWarnedOf() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(at: folder["shot"], withIntermediateDirectories: false)
        for number in 1...3 { try Clips.writeRamp(folder["shot/000\(number).ppm"], frame: number) }
        let pair = ["shot/0001.ppm", "shot/0002.ppm"]
        let warned = try await run(pair, in: folder)
        let warnings = warned.stderrLines.filter { $0.hasPrefix("dain: warning: ") }
        #expect(
            warnings.count == 1
                && warnings[0].contains(
                    "shot/0001-t0.5.ppm: is written among other images, such as 0003.ppm, and"),
            "\(warned)")
        // No pattern of the sequence takes it.
        let frames = try await DainProcess.run(
            ["interpolate", "shot/%04d.ppm", "--dry-run"], currentDirectory: folder.url)
        #expect(frames.stdout.contains("frames    3 to 6"), "\(frames)")
        #expect(try await !run(pair + ["-o", "between.png"], in: folder).stderr.contains("warning"))
        let alone = try ramps(2)
        #expect(try await !run(["1.ppm", "2.ppm"], in: alone).stderr.contains("warning"))
    }

    /// New images do not mix with others where nothing may be replaced.
    @Test func noOverwriteKeepsFromFoldersWithImages() async throws {
        let folder = try TemporaryFolder()
        for name in ["in", "other", "empty"] {
            try FileManager.default.createDirectory(at: folder[name], withIntermediateDirectories: false)
        }
        for number in 1...2 { try Clips.writeRamp(folder["in/\(number).ppm"], frame: number) }
        try Clips.writeRamp(folder["other/0900.ppm"], frame: 1)
        try Data("kept".utf8).write(to: folder["other/notes.txt"])
        func result(_ output: String) async throws -> DainProcess.Result {
            try await DainProcess.run(
                ["interpolate", "in", "-o", output, "--no-overwrite"], currentDirectory: folder.url)
        }
        for output in ["other/", "other/%04d.ppm"] {
            let refused = try await result(output)
            #expect(refused.exitCode == 2 && refused.stderrLines.count == 1, "\(refused)")
            #expect(
                refused.stderr.contains(
                    "\(output): holds images already, such as 0900.ppm; name an empty place"),
                "\(refused)")
            #expect(try folder.names(in: "other") == ["0900.ppm", "notes.txt"])
        }
        for output in ["empty/", "new/", "other/%04d.png", "other/shot%04d.ppm"] {
            let done = try await result(output)
            #expect(done.exitCode == 0, "\(output): \(done)")
        }
        #expect(try folder.names(in: "new").count == 4 && folder.names(in: "empty").count == 4)
        #expect(try folder.names(in: "other").count == 10)
    }

    @Test func aFolderBecomesAFolder() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(at: folder["in"], withIntermediateDirectories: false)
        for number in [8, 9, 10] { try Clips.writeRamp(folder["in/shot\(number).ppm"], frame: number) }
        let result = try await run(["in", "-o", "out/"], in: folder)
        #expect(!result.stderr.contains("warning"), "\(result)")
        #expect(try folder.names(in: "out") == (1...6).map { "0000000\($0).png" })
        // In the order of the numbers, not of the letters; originals as they were.
        for (position, number) in [8, 9, 10].enumerated() {
            let written = try Picture.all(of: folder["out/0000000\(2 * position + 1).png"])
            let original = try Picture.all(of: folder["in/shot\(number).ppm"])
            #expect(written.map(\.planes) == original.map(\.planes))
        }
        // Once more without a name, and at another factor.
        _ = try await run(["in/", "--factor", "3"], in: folder)
        #expect(try folder.names() == ["in", "in-3x", "out"])
        #expect(try folder.names(in: "in-3x").count == 9)
    }

    @Test func aPatternBecomesAPatternAndGapsAreReported() async throws {
        let folder = try TemporaryFolder()
        for number in [1, 2, 5] { try Clips.writeRamp(folder["in\(number).ppm"], frame: number) }
        let result = try await run(["in%d.ppm", "-o", "out.%03d.tif"], in: folder)
        let warnings = result.stderrLines.filter { $0.contains("warning") }
        #expect(warnings.count == 1 && warnings[0].contains("2 numbers are missing"), "\(result)")
        let written = (1...6).map { "out.00\($0).tif" }
        #expect(try folder.names().filter { $0.hasPrefix("out") } == written)
    }

    @Test func aPatternAndThisFolderHaveDefaultNames() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(at: folder["in"], withIntermediateDirectories: false)
        try Clips.writeRamp(folder["in/0001.ppm"], frame: 1)
        _ = try await DainProcess.run(["interpolate", "%04d.ppm"], currentDirectory: folder["in"])
        #expect(try folder.names(in: "in") == ["0001.ppm"], "results are no new frames of the input")
        #expect(try folder.names(in: "in-2x") == ["0001.ppm", "0002.ppm"])
        try FileManager.default.removeItem(at: folder["in-2x"])
        let result = try await DainProcess.run(["interpolate", "."], currentDirectory: folder["in"])
        #expect(result.exitCode == 0, "\(result)")
        #expect(try folder.names() == ["in", "in-2x"])
    }

    @Test func imagesBecomeAVideoOf50FramesPerSecond() async throws {
        let folder = try ramps(3)
        _ = try await run([".", "-o", "clip.mp4"], in: folder)
        let clip = try MediaFile(folder["clip.mp4"])
        // Images count as 25 frames per second.
        #expect(clip.videoTimes.map(\.doubleValue) == (0..<6).map { Double($0) / 50 })
        #expect(try Picture.all(of: folder["clip.mp4"])[0].format == "yuv420p")
    }

    @Test func aVideoBecomesImages() async throws {
        let folder = try TemporaryFolder()
        _ = try await run([Clips["odd-33x17.mkv"].path, "-o", "frames/"], in: folder)
        #expect(try folder.names(in: "frames") == (1...8).map { "0000000\($0).png" })
        #expect(try Picture.all(of: folder["frames/00000001.png"])[0].width == 33)
    }
}
