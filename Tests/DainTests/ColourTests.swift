import Foundation
import Media
import Testing
import Timing

/// Old and new frames have the same colours, in all of their bits.
struct ColourTests {
    /// Flat frames stay flat, and new ones have their colour, with rectification and without: to one code value, which is what the
    /// network's own arithmetic and two roundings may cost.
    ///
    /// The second frame has a brighter corner, for a repeat would be shown in place of a new frame: what lies 16 pixels away
    /// from it is looked at.
    @Test(
        arguments: [
            (luma: UInt8(16), chroma: (UInt8(128), UInt8(128))), (235, (128, 128)), (81, (90, 240)),
            (145, (54, 34)), (41, (240, 110)), (126, (140, 120)),
            // Above white and below black, as cameras write it.
            (245, (128, 128)), (5, (128, 128)), (200, (250, 120)),
        ], [true, false])
    func aFlatColourStaysTheSame(_ colour: (luma: UInt8, chroma: (UInt8, UInt8)), rectified: Bool)
        async throws
    {
        let (luma, chroma) = colour
        let folder = try TemporaryFolder()
        try Clips.writeY4M(
            folder["flat.y4m"], width: 64, height: 48, frames: 2,
            luma: { x, y, frame in frame == 1 && x >= 56 && y >= 40 ? luma + 10 : luma }, chroma: chroma)
        let result = try await DainProcess.run(
            ["interpolate", folder["flat.y4m"].path, "--codec", "ffv1", "-o", folder["out.mkv"].path],
            rectified: rectified)
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stderr.contains("4 frames, 1 of them new"), "\(result)")
        let pictures = try Picture.all(of: folder["out.mkv"])
        #expect(pictures.count == 4)
        for (index, picture) in pictures.enumerated() {
            for (plane, value) in [luma, chroma.0, chroma.1].enumerated() {
                let (width, height) = plane == 0 ? (64, 48) : (32, 24)
                let bytes = [UInt8](picture.planes[plane])
                #expect(bytes.count == width * height)
                let flat = bytes.indices.filter { $0 % width < width * 5 / 8 || $0 / width < height / 2 }
                let worst = flat.map { abs(Int(bytes[$0]) - Int(value)) }.max() ?? 255
                #expect(worst <= (index == 1 ? 1 : 0), "frame \(index), value \(value)")
            }
        }
    }

    /// Viewers take JPEG for full range and BT.601, whatever a video was.
    @Test(arguments: [[], ["--pix-fmt", "yuv420p"]])
    func jpegsAreFullRange(_ options: [String]) async throws {
        let folder = try TemporaryFolder()
        // Limited white and black, side by side.
        try Clips.writeY4M(folder["clip.y4m"], width: 64, height: 48, frames: 2) { x, _, _ in
            x < 32 ? 235 : 16
        }
        let result = try await DainProcess.run(
            ["interpolate", "clip.y4m", "-o", "out/%02d.jpg"] + options, currentDirectory: folder.url)
        #expect(result.exitCode == 0, "\(result)")
        #expect(try folder.names(in: "out").count == 4)
        for name in try folder.names(in: "out") {
            let reader = try VideoReader(path: folder["out/\(name)"].path)
            #expect(try #require(reader.firstFrame).colours.isFullRange == true)
            let picture = try #require(try Picture.all(of: folder["out/\(name)"]).first)
            let row = [UInt8](picture.planes[0].prefix(64))
            #expect(
                row[..<28].allSatisfy { $0 >= 254 } && row[36...].allSatisfy { $0 <= 1 }, "\(name): \(row)")
        }
    }

    /// BT.709's red is another code value in BT.601, which JPEG means.
    @Test func jpegsHaveTheirOwnMatrix() async throws {
        let folder = try TemporaryFolder()
        let output = folder["red.mkv"].path
        try Clips.writeY4M(
            folder["clip.y4m"], width: 64, height: 48, frames: 1, luma: { _, _, _ in 63 }, chroma: (102, 240))
        for arguments in [
            [
                folder["clip.y4m"].path, "--codec", "ffv1", "--encoder-option", "colorspace=bt709", "-o",
                output,
            ],
            [output, "-o", folder["out%d.jpg"].path],
        ] {
            let result = try await DainProcess.run(["interpolate"] + arguments)
            #expect(result.exitCode == 0, "\(result)")
        }
        let picture = try #require(try Picture.all(of: folder["out1.jpg"]).first)
        // Red in BT.601, full range: 76, 85, 255.
        for (plane, value) in [76, 85, 255].enumerated() {
            let worst = picture.planes[plane].map { abs(Int($0) - value) }.max() ?? 255
            #expect(worst <= 3, "plane \(plane) is off by \(worst)")
        }
    }

    @Test(arguments: [("out.gif", []), ("out.mkv", ["--pix-fmt", "yuv420p"])])
    func hdrInEightBitsIsSaid(_ name: String, _ options: [String]) async throws {
        let folder = try TemporaryFolder()
        let clip = Clips["ten-bit.mkv"].path
        let result = try await DainProcess.run(
            ["interpolate", clip, "--frames", "1", "-o", folder[name].path] + options)
        #expect(result.exitCode == 0, "\(result)")
        let lines = result.stderrLines.filter { $0.contains("is HDR (smpte2084)") && $0.contains("levels") }
        #expect(lines.count == 1 && lines[0].hasPrefix("dain: warning: encoder "), "\(result)")
        let deep = try await DainProcess.run(
            ["interpolate", clip, "--frames", "1", "-o", folder["deep.mkv"].path])
        #expect(deep.exitCode == 0 && !deep.stderr.contains("levels"), "\(deep)")
    }

    /// All levels of 10 bits under PQ, sub-black and super-white too: the originals are bit-exact, the new frame has no fewer
    /// levels than a path without 8 bits can give, and tags and light levels are the input's.
    @Test func tenBitsOfPQStayTenBits() async throws {
        let folder = try TemporaryFolder()
        let (width, height) = (1024, 64)
        let codes = (0..<height).flatMap { _ in 0..<width } + [Int](repeating: 512, count: width * height / 2)
        let reader = try VideoReader(path: Clips["ten-bit.mkv"].path)
        let tags = try #require(reader.firstFrame).colours
        #expect(tags.transfer == "smpte2084")
        // The second frame has a band at its lower edge that the first has not, and is no repeat for that.
        let band = codes.enumerated().map { place, code in
            (56 * width..<height * width).contains(place) ? 1023 - code : code
        }
        let frames = try [codes, band].map { codes in
            try VideoFrame(
                width: width, height: height, pixelFormat: "yuv420p10le", colours: tags,
                bytes: codes.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
        }
        let writer = try VideoWriter(
            path: folder["ramp.mkv"].path, copying: reader, first: frames[0], rate: Rational(25),
            timeBase: Rational(1, 25), settings: EncoderSettings(codec: "ffv1"), overwrite: true, inputs: [])
        for (index, frame) in frames.enumerated() {
            try writer.write(frame, at: Rational(Int64(index), 25), duration: Rational(1, 25))
        }
        try writer.finish()
        let result = try await DainProcess.run([
            "interpolate", folder["ramp.mkv"].path, "--no-scene-detection", "--codec", "ffv1", "-o",
            folder["out.mkv"].path,
        ])
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stderr.contains("4 frames, 1 of them new"), "\(result)")
        let (input, output) = (
            try Picture.all(of: folder["ramp.mkv"]), try Picture.all(of: folder["out.mkv"])
        )
        #expect(output.count == 4 && output.allSatisfy { $0.format == "yuv420p10le" })
        for (index, original) in [(0, 0), (2, 1), (3, 1)] {
            #expect(output[index].planes == input[original].planes, "frame \(index)")
        }
        let luma = output[1].planes[0]
        let row = (0..<width).map { x in
            let place = luma.startIndex + 2 * (32 * width + x)
            return Int(luma[place]) | Int(luma[place + 1]) << 8
        }
        // The network is not exact: learnt kernels mix neighbours and sum to nearly 1. Here that is less than one code of 8 bits.
        let worst = row.enumerated().map { abs($0.element - $0.offset) }.max() ?? 1024
        #expect(worst < 4, "off by \(worst)")
        // That merges a few levels; a path through 8 bits has 256, and one through 9 has 512.
        #expect(Set(row).count > 900, "\(Set(row).count) levels")
        let (before, after) = (
            try MediaFile(folder["ramp.mkv"]).video, try MediaFile(folder["out.mkv"]).video
        )
        #expect(before.sideData.count == 2 && after.sideData == before.sideData)
        #expect(after.colours == before.colours)
    }

    /// Transparency moves with the colours. Here it is the red of a bright square on a dark ground that moves by 12 pixels,
    /// which a mean of both neighbours would show twice.
    @Test func transparencyMovesWithTheColours() async throws {
        let folder = try TemporaryFolder()
        let (width, height) = (64, 64)
        func pixel(_ x: Int, _ y: Int, _ frame: Int) -> UInt8 {
            let (u, v) = (x - 16 - 12 * frame, y - 20)
            return (0..<20).contains(u) && (0..<24).contains(v) ? UInt8(170 + (5 * u + 3 * v) % 80) : 30
        }
        for frame in 0...1 {
            var bytes = Data(
                "P7\nWIDTH \(width)\nHEIGHT \(height)\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n".utf8
            )
            for y in 0..<height {
                for x in 0..<width {
                    let value = pixel(x, y, frame)
                    bytes.append(contentsOf: [value, value / 2, 255 - value, value])
                }
            }
            try bytes.write(to: folder["\(frame).pam"])
        }
        let result = try await DainProcess.run([
            "interpolate", folder["0.pam"].path, folder["1.pam"].path, "-o", folder["middle.png"].path,
        ])
        #expect(result.exitCode == 0, "\(result)")
        let picture = try #require(try Picture.all(of: folder["middle.png"]).first)
        #expect(picture.format == "rgba")
        let bytes = [UInt8](picture.planes[0])
        var (ofMotion, ofMean) = (0.0, 0.0)
        for y in 0..<height {
            for x in 0..<width {
                let place = 4 * (y * width + x)
                let mean = (Double(pixel(x, y, 0)) + Double(pixel(x, y, 1))) / 2
                ofMotion += abs(Double(bytes[place + 3]) - Double(bytes[place]))
                ofMean += abs(mean - Double(bytes[place]))
            }
        }
        let count = Double(width * height)
        #expect(ofMotion / count < 1, "\(ofMotion / count) from the colours, their mean \(ofMean / count)")
        #expect(ofMean > 4 * ofMotion, "\(ofMotion / count) from the colours, their mean \(ofMean / count)")
    }
}
