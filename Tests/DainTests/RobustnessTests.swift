import Foundation
import Testing
import Timing

/// Clips that are strange or damaged: what decodes is used, with status 0 and a note where something was lost.
struct RobustnessTests {
    private func interpolate(_ input: URL, _ arguments: [String] = [], in folder: TemporaryFolder)
        async throws
        -> (result: DainProcess.Result, pictures: [Picture])
    {
        let output = folder["out.mkv"]
        let result = try await DainProcess.run(
            ["interpolate", input.path, "--codec", "ffv1", "-o", output.path] + arguments)
        #expect(result.exitCode == 0, "\(result)")
        return (result, result.exitCode == 0 ? try Picture.all(of: output) : [])
    }

    private func warnings(_ result: DainProcess.Result) -> [String] {
        result.stderrLines.filter { $0.hasPrefix("dain: warning: ") }
    }

    /// FFmpeg takes the part of a frame for the end of the stream.
    @Test func aRawStreamThatEndsWithinAFrame() async throws {
        let folder = try TemporaryFolder()
        try Clips.writeY4M(folder["whole.y4m"], width: 32, height: 16, frames: 3) { x, y, frame in
            UInt8(40 + 4 * x + y + 20 * frame)
        }
        let whole = try await interpolate(folder["whole.y4m"], in: folder)
        #expect(warnings(whole.result).isEmpty && whole.pictures.count == 6, "\(whole.result)")
        let bytes = try Data(contentsOf: folder["whole.y4m"])
        // Within the pixels, and within the word that begins a frame.
        for missing in [1, 300, 32 * 16 * 3 / 2 + 3] {
            try bytes.dropLast(missing).write(to: folder["cut.y4m"])
            let cut = try await interpolate(folder["cut.y4m"], in: folder)
            #expect(warnings(cut.result).count == 1, "\(cut.result)")
            #expect(
                cut.result.stderr.contains("is damaged (the stream ends within a frame)"), "\(cut.result)")
            #expect(cut.pictures.count == 4)
        }
        let piped = try await DainProcess.run(
            ["interpolate", "-", "-o", folder["piped.mkv"].path], stdin: bytes.dropLast(1))
        #expect(piped.exitCode == 0 && piped.stderr.contains("the stream ends within a frame"), "\(piped)")
        // Raw pictures have no header, and the last is handed out short.
        let pixels = Data(
            (0..<2).flatMap { frame in (0..<32 * 16 * 3 / 2).map { UInt8(($0 + 40 * frame) % 200) } })
        try pixels.dropLast(5).write(to: folder["pixels.raw"])
        let raw = try await interpolate(
            folder["pixels.raw"],
            ["--input-format", "rawvideo", "--input-size", "32x16", "--input-pix-fmt", "yuv420p"], in: folder)
        #expect(
            warnings(raw.result).first?.hasSuffix(
                "is damaged (the stream ends within a frame); what could be decoded is used: 1 packet could not be decoded"
            )
                == true, "\(raw.result)")
    }

    @Test func oneFrameIsHeld() async throws {
        let (result, pictures) = try await interpolate(Clips["one-frame.mp4"], in: TemporaryFolder())
        #expect(warnings(result).isEmpty, "\(result)")
        #expect(pictures.count == 2 && pictures[0].planes == pictures[1].planes)
    }

    @Test(arguments: [("tiny-1x1.mkv", 1, 1, 3), ("odd-33x17.mkv", 33, 17, 4)])
    func oddSizes(clip: String, width: Int, height: Int, frames: Int) async throws {
        let (result, pictures) = try await interpolate(Clips[clip], in: TemporaryFolder())
        #expect(warnings(result).isEmpty, "\(result)")
        #expect(pictures.count == 2 * frames)
        let source = try Picture.all(of: Clips[clip])
        #expect(
            stride(from: 0, to: pictures.count, by: 2).map { pictures[$0].planes } == source.map(\.planes))
        #expect(pictures.allSatisfy { $0.width == width && $0.height == height })
    }

    @Test(arguments: ["grey.mkv", "rgba.mkv", "ten-bit.mkv", "full-range.mp4"])
    func pixelFormatsPassThrough(clip: String) async throws {
        let (result, pictures) = try await interpolate(Clips[clip], in: TemporaryFolder())
        #expect(warnings(result).isEmpty, "\(result)")
        let source = try Picture.all(of: Clips[clip])
        #expect(pictures.count == 2 * source.count)
        // FFV1 does not know the old name of full-range 4:2:0.
        let format = source[0].format.replacingOccurrences(of: "yuvj", with: "yuv")
        #expect(pictures.allSatisfy { $0.format == format }, "\(pictures[0].format)")
        #expect(
            stride(from: 0, to: pictures.count, by: 2).map { pictures[$0].planes } == source.map(\.planes))
    }

    @Test func aSizeThatChangesIsScaledToTheFirst() async throws {
        let (result, pictures) = try await interpolate(Clips["size-change.ts"], in: TemporaryFolder())
        #expect(warnings(result).count == 1, "\(result)")
        #expect(warnings(result).first?.contains("the size changes") == true, "\(result)")
        #expect(pictures.count == 24)
        #expect(pictures.allSatisfy { $0.width == 64 && $0.height == 48 })
    }

    @Test func aTruncatedFileGivesWhatDecodes() async throws {
        let folder = try TemporaryFolder()
        let bytes = try Data(contentsOf: Clips["size-change.ts"])
        try bytes.prefix(bytes.count / 3 + 50).write(to: folder["cut.ts"])
        let source = try Picture.all(of: folder["cut.ts"])
        #expect(source.count > 2 && source.count < 12)
        let (_, pictures) = try await interpolate(folder["cut.ts"], in: folder)
        #expect(pictures.count == 2 * source.count)
    }

    @Test func damageInTheMiddleIsPassedOver() async throws {
        let folder = try TemporaryFolder()
        var bytes = try Data(contentsOf: Clips["ten-bit.mkv"])
        // Noise inside the second frame; checksums of FFV1's slices find it.
        for start in [bytes.count / 2] {
            for index in start..<start + 40 { bytes[index] ^= 0x5A }
        }
        try bytes.write(to: folder["hurt.mkv"])
        let (_, pictures) = try await interpolate(folder["hurt.mkv"], in: folder)
        #expect(pictures.count >= 4 && pictures.count <= 8)
    }

    @Test func aFileWithoutItsIndexIsRefused() async throws {
        let folder = try TemporaryFolder()
        // The index of this MP4 lies at its end.
        let bytes = try Data(contentsOf: Clips["av.mp4"])
        try bytes.prefix(bytes.count / 2).write(to: folder["cut.mp4"])
        let result = try await DainProcess.run(["interpolate", folder["cut.mp4"].path])
        #expect(result.exitCode == 2, "\(result)")
        #expect(result.stderrLines.count == 1 && result.stderr.contains("cut.mp4: "), "\(result)")
        #expect(try folder.names() == ["cut.mp4"])
    }

    @Test func aNameThatTriesToEscape() async throws {
        let folder = try TemporaryFolder()
        let name = "-\u{1B}[31m red\nline ü 'quoted'.mkv"
        try FileManager.default.copyItem(at: Clips["tiny-1x1.mkv"], to: folder[name])
        let result = try await DainProcess.run(
            ["interpolate", "./" + name, "--codec", "ffv1"], currentDirectory: folder.url)
        #expect(result.exitCode == 0, "\(result)")
        #expect(
            !result.stderr.contains("\u{1B}")
                && result.stderrLines.allSatisfy { $0.hasPrefix("dain: ") || $0.hasPrefix("frames") },
            "\(result)")
        #expect(try folder.names().count == 2)
    }

    @Test func aPlainProjectionGivesAnotherResult() async throws {
        let (folder, plainFolder) = (try TemporaryFolder(), try TemporaryFolder())
        let (_, aware) = try await interpolate(Clips["full-range.mp4"], in: folder)
        let (_, plain) = try await interpolate(
            Clips["full-range.mp4"], ["--projection", "plain"], in: plainFolder)
        #expect(plain.count == aware.count && plain.map(\.planes) != aware.map(\.planes))
        for (a, b) in zip(aware, plain) { #expect(a.greatestDifference(from: b) < 64) }
    }
}
