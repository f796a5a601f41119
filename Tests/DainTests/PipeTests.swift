import Foundation
import Testing
import Timing

/// `-` as input and output.
struct PipeTests {
    private static let (width, height) = (64, 64)
    private static let header = Data("YUV4MPEG2 W64 H64 F25:1 Ip A1:1 C420mpeg2\n".utf8)
    /// What dain writes before each frame's planes, and the size of both.
    private static let frameBytes = 6 + width * height * 3 / 2

    /// A frame of YUV4MPEG that moves, with its mark.
    private static func frame(_ index: Int) -> Data {
        var bytes = Data("FRAME\n".utf8)
        for y in 0..<height {
            bytes.append(contentsOf: (0..<width).map { x in UInt8(16 + (4 * x + 2 * y + 3 * index) % 200) })
        }
        bytes.append(Data(repeating: 128, count: width * height / 2))
        return bytes
    }

    private func stream(_ frames: Int) -> Data {
        (0..<frames).reduce(into: Self.header) { $0.append(Self.frame($1)) }
    }

    /// The first line of YUV4MPEG, and the frames behind it.
    private func split(_ data: Data) throws -> (header: String, frames: [Data]) {
        let end = try #require(data.firstIndex(of: UInt8(ascii: "\n")))
        let rest = data[data.index(after: end)...]
        #expect(rest.count % Self.frameBytes == 0, "\(rest.count) bytes of frames")
        return (
            String(decoding: data[..<end], as: UTF8.self),
            (0..<rest.count / Self.frameBytes).map { index in
                let start = rest.startIndex + index * Self.frameBytes
                return Data(rest[start..<start + Self.frameBytes])
            }
        )
    }

    /// What comes out of a pipe is what a file gets, and there is nothing else on standard output.
    @Test func yuv4MPEGInAndOut() async throws {
        let folder = try TemporaryFolder()
        try stream(3).write(to: folder["clip.y4m"])
        let toFile = try await DainProcess.run([
            "interpolate", folder["clip.y4m"].path, "-o", folder["out.y4m"].path,
        ])
        #expect(toFile.exitCode == 0, "\(toFile)")
        let pipe = try PipedProcesses([["interpolate", "-", "-o", "-", "--fast"]])
        try pipe.write(stream(3))
        try pipe.closeInput()
        let piped = try pipe.readToEnd()
        #expect(pipe.exitCodes() == [0], "\(pipe.stderr(0))")
        #expect(pipe.stderr(0).hasSuffix("wrote standard output: 6 frames, 2 of them new\n"))
        #expect(piped == (try Data(contentsOf: folder["out.y4m"])))
        let (header, frames) = try split(piped)
        #expect(header.hasPrefix("YUV4MPEG2 W64 H64 F50:1 Ip A1:1 C420mpeg2"))
        #expect(frames.count == 6)
        for index in 0..<3 { #expect(frames[2 * index] == Self.frame(index), "frame \(index)") }
    }

    /// A frame comes out once its successor has come in, while the input is still open.
    @Test func liveInputIsNotReadAhead() throws {
        let pipe = try PipedProcesses([["interpolate", "-", "--quiet"]])
        // A cut is known by the frame after it, and how long a frame lasts by the next one: two frames more than the pair.
        try pipe.write(Self.header + (0..<4).reduce(Data()) { $0 + Self.frame($1) })
        var header = try pipe.read(10)
        while header.last != UInt8(ascii: "\n") { header.append(try pipe.read(1)) }
        for index in 0..<4 {
            let frames = try pipe.read(2 * Self.frameBytes)
            #expect(frames.prefix(Self.frameBytes) == Self.frame(index), "frame \(index)")
            try pipe.write(Self.frame(index + 4))
        }
        try pipe.closeInput()
        #expect(try pipe.readToEnd().count == 8 * Self.frameBytes)
        #expect(pipe.exitCodes() == [0], "\(pipe.stderr(0))")
    }

    /// Raw pictures have no header: the options take its place.
    @Test func rawVideoInAndOut() throws {
        let pictures = (0..<2).map { Data(Self.frame($0).dropFirst(6)) }
        let pipe = try PipedProcesses([
            [
                "interpolate", "-", "--input-format", "rawvideo", "--input-size", "64x64", "--input-pix-fmt",
                "yuv420p", "--input-rate", "30000/1001", "--format", "rawvideo",
            ]
        ])
        try pipe.write(pictures[0] + pictures[1])
        try pipe.closeInput()
        let output = try pipe.readToEnd()
        #expect(pipe.exitCodes() == [0], "\(pipe.stderr(0))")
        let size = pictures[0].count
        #expect(output.count == 4 * size)
        #expect(output.prefix(size) == pictures[0])
        #expect(output.dropFirst(2 * size).prefix(size) == pictures[1])
    }

    /// Streams of containers keep what YUV4MPEG has no place for, and lose nothing on the way.
    @Test(arguments: ["nut", "matroska"])
    func containersThroughPipes(_ container: String) throws {
        let pipe = try PipedProcesses([
            ["interpolate", Clips["ten-bit.mkv"].path, "--fps", "24", "-o", "-", "--format", container],
            ["interpolate", "-", "--fps", "24", "--format", "matroska"],
        ])
        try pipe.closeInput()
        let folder = try TemporaryFolder()
        try pipe.readToEnd().write(to: folder["out.mkv"])
        #expect(pipe.exitCodes() == [0, 0], "\(pipe.stderr(0)) \(pipe.stderr(1))")
        let (input, output) = (
            try Picture.all(of: Clips["ten-bit.mkv"]), try Picture.all(of: folder["out.mkv"])
        )
        #expect(!input.isEmpty && output.map(\.planes) == input.map(\.planes))
        #expect(output.map(\.time) == input.map(\.time))
        // What the colours mean is lost in one of them, and said to be.
        let colours = try (
            MediaFile(Clips["ten-bit.mkv"]).video.colours, MediaFile(folder["out.mkv"]).video.colours
        )
        #expect((colours.0 == colours.1) == (container == "matroska"))
        #expect(
            pipe.stderr(0).contains("container nut cannot say that the picture is HDR")
                == (container == "nut"))
    }

    /// The header that VapourSynth's vspipe writes, with ten bits.
    @Test func whatVapourSynthWrites() async throws {
        let folder = try TemporaryFolder()
        let pictures = (0..<3).map { frame in
            var bytes = Data()
            for sample in 0..<64 * 48 * 3 / 2 {
                let value = UInt16((sample * 3 + frame * 40) % 1024)
                bytes.append(contentsOf: [UInt8(value & 255), UInt8(value >> 8)])
            }
            return bytes
        }
        var stream = Data("YUV4MPEG2 C420p10 W64 H48 F24000:1001 Ip A0:0 XLENGTH=3\n".utf8)
        for picture in pictures { stream += Data("FRAME\n".utf8) + picture }
        let result = try await DainProcess.run(
            ["interpolate", "-", "--fps", "24000/1001", "-o", folder["out.mkv"].path, "--codec", "ffv1"],
            stdin: stream)
        #expect(result.exitCode == 0, "\(result)")
        let output = try Picture.all(of: folder["out.mkv"])
        #expect(output.allSatisfy { $0.format == "yuv420p10le" })
        #expect(output.map { $0.planes.reduce(Data(), +) } == pictures)
    }

    /// Who reads may stop: that is no error to speak of, and not success.
    @Test func aReaderThatGoesAwayIsNoNews() throws {
        let pipe = try PipedProcesses([["interpolate", "-", "--fps", "25"]])
        pipe.writeInBackground(2000) { $0 == 0 ? Self.header + Self.frame(0) : Self.frame($0) }
        _ = try pipe.read(1000)
        try pipe.closeOutput()
        #expect(pipe.exitCodes() == [1])
        #expect(pipe.stderr(0).isEmpty)
    }

    @Test(arguments: [
        (
            ["--format", "mp4"],
            "container mp4 cannot be written to a pipe; try matroska, nut or yuv4mpegpipe"
        ),
        (["--format", "nonsense"], "no output format is called 'nonsense'; 'ffmpeg -muxers' lists them"),
        (
            ["--input-format", "nonsense"],
            "no input format is called 'nonsense'; 'ffmpeg -demuxers' lists them"
        ),
        (["--input-size", "64x64"], "--input-size and --input-pix-fmt take --input-format rawvideo"),
        (["--input-format", "rawvideo"], "--input-format rawvideo takes --input-size and --input-pix-fmt"),
    ])
    func refusals(_ arguments: [String], _ message: String) async throws {
        let result = try await DainProcess.run(["interpolate", "-"] + arguments, stdin: stream(2))
        #expect(result.exitCode == 2 && result.stdout.isEmpty, "\(result)")
        #expect(result.stderr == "dain: error: \(message)\n")
    }

    @Test(arguments: ["", "no video"])
    func whatIsNoVideo(_ text: String) async throws {
        let result = try await DainProcess.run(["interpolate", "-"], stdin: Data(text.utf8))
        #expect(result.exitCode == 2 && result.stdout.isEmpty, "\(result)")
        #expect(result.stderr.hasPrefix("dain: error: standard input: cannot be opened: "), "\(result)")
    }

    #if os(Linux)
        /// Three runs in a row, and 1000 frames through all of them; more are on their way then, so that none has ended. What 900 frames would take as pictures and as the
        /// network's RGB is 49 MB; the bound leaves room for the allocator's habits.
        @Test func memoryIsFlatInALongPipeline() throws {
            let arguments = ["interpolate", "-", "--fps", "25", "--quiet"]
            let pipe = try PipedProcesses([arguments, arguments, arguments])
            pipe.writeInBackground(1100) { $0 == 0 ? Self.header + Self.frame(0) : Self.frame($0) }
            _ = try pipe.read(100 * Self.frameBytes)
            let early = try pipe.processIdentifiers.map(Self.peakMemory)
            let rest = try pipe.read(900 * Self.frameBytes)
            let late = try pipe.processIdentifiers.map(Self.peakMemory)
            for (early, late) in zip(early, late) {
                #expect(late - early < 4 << 20, "\(early) bytes after 100 frames, \(late) after 1000")
            }
            let end = try pipe.readToEnd()
            #expect(pipe.exitCodes() == [0, 0, 0], "\((0..<3).map(pipe.stderr))")
            #expect(rest.count == 900 * Self.frameBytes)
            // Through all of them, the last frame is what was written.
            #expect(end.suffix(Self.frameBytes) == Self.frame(1099))
        }

        /// The most resident memory that a process has had, in bytes.
        private static func peakMemory(_ process: Int32) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
            return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 1024
        }
    #endif
}
