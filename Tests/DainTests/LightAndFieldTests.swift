import Foundation
import Media
import Testing
import Timing

/// Pictures that are not what most are: linear light without an upper end, and two fields in one.
struct LightAndFieldTests {
    /// Light of four times white, one value a channel, as a folder of EXRs with a number missing.
    @Test func aFolderOfEXRs() async throws {
        let folder = try TemporaryFolder()
        let (width, height) = (64, 48)
        let lights: [Float] = [4, 0.18, 0.02]
        // Planes in the order green, blue, red.
        let bytes = [1, 2, 0].flatMap { channel in
            (0..<width * height).flatMap { _ in
                withUnsafeBytes(of: lights[channel].bitPattern.littleEndian) { Array($0) }
            }
        }
        let frame = try VideoFrame(width: width, height: height, pixelFormat: "gbrpf32le", bytes: bytes)
        try FileManager.default.createDirectory(at: folder["plates"], withIntermediateDirectories: true)
        for number in [1001, 1003] {
            let path = folder["plates/\(number).exr"].path
            try ImageWriter(like: path, settings: EncoderSettings(), overwrite: true, inputs: [])
                .write(frame, to: path)
        }
        let result = try await DainProcess.run(
            ["interpolate", "plates", "--input-rate", "24", "-o", "doubled/%04d.exr"],
            currentDirectory: folder.url)
        #expect(result.exitCode == 0, "\(result)")
        #expect(
            result.stderrLines.first
                == "dain: warning: plates: 1 number is missing, the first after 1001; the frames around a gap become neighbours"
        )
        #expect(try folder.names(in: "doubled") == (1...4).map { "000\($0).exr" })
        for number in 1...4 {
            let picture = try #require(try Picture.all(of: folder["doubled/000\(number).exr"]).first)
            #expect(picture.format == "gbrpf32le")
            for (plane, channel) in [(0, 1), (1, 2), (2, 0)] {
                let values = stride(from: 0, to: picture.planes[plane].count, by: 4).map { place in
                    picture.planes[plane].withUnsafeBytes {
                        $0.loadUnaligned(fromByteOffset: place, as: Float.self)
                    }
                }
                // The new frame is the network's, on a scale where 1% of light is less than a code value of 8 bits.
                let tolerance = number == 2 ? 0.02 * lights[channel] : 0
                let worst = values.map { abs($0 - lights[channel]) }.max() ?? .infinity
                #expect(worst <= tolerance, "frame \(number), channel \(channel): off by \(worst)")
            }
        }
        let refused = try await DainProcess.run(
            ["interpolate", "plates", "-o", "doubled"], currentDirectory: folder.url)
        #expect(refused.exitCode == 2, "\(refused)")
        #expect(refused.stderrLines.last?.contains("is a folder; add '/' at the end") == true)
    }

    /// Frames that are left combed say which field is first, or it is said that they cannot.
    @Test(arguments: [("It", true), ("Ib", false)])
    func theOrderOfFieldsIsKept(_ mark: String, topFirst: Bool) async throws {
        let folder = try TemporaryFolder()
        var bytes = Data("YUV4MPEG2 W64 H48 F25:1 \(mark) A1:1 C420mpeg2\n".utf8)
        for frame in 0..<2 {
            bytes.append(Data("FRAME\n".utf8))
            for y in 0..<48 {
                bytes.append(Data(repeating: UInt8(40 + 60 * frame + 30 * (y % 2)), count: 64))
            }
            bytes.append(Data(repeating: 128, count: 64 * 48 / 2))
        }
        try bytes.write(to: folder["clip.y4m"])
        for (codec, name) in [
            ("libx264", "a.mkv"), ("libx264", "b.mp4"), ("ffv1", "c.mkv"), ("mpeg2video", "d.mkv"),
            ("libx265", "e.mkv"),
        ] {
            let result = try await DainProcess.run(
                ["interpolate", "clip.y4m", "--deinterlace", "off", "--codec", codec, "-o", name],
                currentDirectory: folder.url)
            #expect(result.exitCode == 0, "\(result)")
            let isLost = codec == "libx265"
            #expect(result.stderr.contains("the order of fields cannot be kept") == isLost, "\(result)")
            let fields = try MediaFile.fields(of: folder[name])
            #expect(fields.count == 4)
            #expect(
                fields.allSatisfy { $0 == (isLost ? nil : topFirst) }, "\(name), \(codec): \(fields)")
        }
        let whole = try await DainProcess.run(
            ["interpolate", "clip.y4m", "-o", "whole.mkv"], currentDirectory: folder.url)
        #expect(whole.exitCode == 0 && !whole.stderr.contains("order of fields"), "\(whole)")
        #expect(try MediaFile.fields(of: folder["whole.mkv"]).allSatisfy { $0 == nil })
    }

    /// Fields that are 30 code values apart: one whole frame for each, or as they are.
    @Test func interlacedFrames() async throws {
        let folder = try TemporaryFolder()
        let (width, height) = (64, 48)
        var bytes = Data("YUV4MPEG2 W\(width) H\(height) F25:1 It A1:1 C444\n".utf8)
        for frame in 0..<3 {
            bytes.append(Data("FRAME\n".utf8))
            for y in 0..<height {
                bytes.append(Data(repeating: UInt8(40 + 60 * frame + 30 * (y % 2)), count: width))
            }
            bytes.append(Data(repeating: 128, count: 2 * width * height))
        }
        try bytes.write(to: folder["clip.y4m"])
        for (option, note, isWhole) in [
            ("bwdif", "each frame is deinterlaced by bwdif", true),
            ("off", "combed frames are interpolated as they are", false),
        ] {
            let result = try await DainProcess.run([
                "interpolate", folder["clip.y4m"].path, "--fps", "25", "--deinterlace", option, "--codec",
                "ffv1", "-o", folder["\(option).mkv"].path,
            ])
            #expect(result.exitCode == 0, "\(result)")
            #expect(
                result.stderrLines.first?.hasSuffix("is interlaced; \(note)") == true
                    || result.stderrLines.first?.hasSuffix("is interlaced, and \(note)") == true, "\(result)")
            let pictures = try Picture.all(of: folder["\(option).mkv"])
            #expect(pictures.map(\.time) == [.zero, Rational(1, 25), Rational(2, 25)])
            for (index, picture) in pictures.enumerated() {
                let rows = (10..<14).map { Int(picture.planes[0][$0 * width]) }
                let first = 40 + 60 * index
                let expected =
                    isWhole ? [first, first, first, first] : [first, first + 30, first, first + 30]
                #expect(zip(rows, expected).allSatisfy { abs($0 - $1) <= 2 }, "\(option) \(index): \(rows)")
            }
        }
    }
}
