import Foundation
import Testing

/// What `dain interpolate` refuses: one line on standard error, status 2, nothing written.
struct RefusalTests {
    /// Runs in a folder that holds links to all clips and whatever `prepare` puts there, and checks the refusal.
    @discardableResult
    private func refused(
        _ arguments: [String], saying expected: String, prepare: (TemporaryFolder) throws -> Void = { _ in },
        environment: [String: String?] = [:], location: SourceLocation = #_sourceLocation
    ) async throws -> DainProcess.Result {
        let folder = try TemporaryFolder()
        for clip in ["av.mp4", "audio-only.m4a", "cover-art.mp3", "one-frame.mp4", "big-buck-bunny.mp4"] {
            try FileManager.default.copyItem(at: Clips[clip], to: folder[clip])
        }
        for number in 1...2 { try Clips.writeRamp(folder["\(number).ppm"], frame: number) }
        try Data("This is no video.\n".utf8).write(to: folder["notes.txt"])
        try Data().write(to: folder["nothing.mp4"])
        try FileManager.default.createDirectory(at: folder["empty"], withIntermediateDirectories: false)
        try prepare(folder)
        let before = try Self.contents(of: folder)
        let result = try await DainProcess.run(
            ["interpolate"] + arguments, environment: environment, currentDirectory: folder.url)
        #expect(result.exitCode == 2, "\(arguments): \(result)", sourceLocation: location)
        #expect(result.stdout.isEmpty, sourceLocation: location)
        #expect(result.stderrLines.count == 1, "\(arguments): \(result)", sourceLocation: location)
        #expect(result.stderr.hasPrefix("dain: error: "), "\(result)", sourceLocation: location)
        #expect(result.stderr.contains(expected), "\(arguments): \(result)", sourceLocation: location)
        #expect(try Self.contents(of: folder) == before, "\(arguments)", sourceLocation: location)
        return result
    }

    /// Names and contents of all files.
    private static func contents(of folder: TemporaryFolder) throws -> [String: Data] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path).reduce(into: [:]) { files, name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: folder[name].path, isDirectory: &isFolder)
            files[name] = isFolder.boolValue ? Data() : try Data(contentsOf: folder[name])
        }
    }

    @Test(arguments: [
        (["missing.mp4"], "missing.mp4: cannot be opened: No such file or directory"),
        (["empty"], "empty: the folder holds no images"),
        (["%04d.png"], "%04d.png: no file fits the pattern"),
        (["nowhere/%04d.png"], "nowhere"),
        (["audio-only.m4a"], "audio-only.m4a: has no video stream"),
        (["cover-art.mp3"], "cover-art.mp3: has no video stream"),
        (
            ["1.ppm", "-o", "x.mp4"],
            "1.ppm: is one image, and new frames lie between two; give two images, a folder"
        ),
        (["1.ppm"], "1.ppm: is one image"), (["1.ppm", "--dry-run"], "1.ppm: is one image"),
        (["notes.txt", "-o", "x.mp4"], "notes.txt: cannot be opened: it is no video or image"),
        (["nothing.mp4", "-o", "x.mkv"], "nothing.mp4: cannot be opened: it is empty"),
        (["/dev/null", "-o", "x.mp4"], "/dev/null: cannot be opened: it is no video or image"),
        ([""], "an input's name is empty"),
    ])
    func inputs(_ arguments: [String], _ expected: String) async throws {
        try await refused(arguments, saying: expected)
    }

    @Test func rawPicturesWithoutASize() async throws {
        let hint = "raw pictures have no header: state --input-format rawvideo --input-size WxH"
        try await refused(["pictures.yuv", "-o", "x.mp4"], saying: hint) { folder in
            try Data(repeating: 90, count: 9000).write(to: folder["pictures.yuv"])
        }
    }

    @Test(arguments: [
        (["--fps", "-5"], "'-5' is no frame rate above 0"),
        (["--start", "-0.5"], "'-0.5' is no time, such as"),
        (["--slowdown", "-2"], "'-2' is no number above 1"),
        (["--frames", "-1"], "--frames must be at least 1"),
        (["--max-memory", "10"], "'10' is no amount of memory with its unit, such as 800M or 6G"),
        (["--encoder-option", "foo"], "'foo' is no option with its value, such as tune=grain"),
        (["--factor", "0"], "--factor"),
        (["--factor", "1"], "--factor must be a whole number from 2 to 1000"),
        (["--factor", "-3"], "factor"), (["--factor=-3"], "--factor"), (["--factor", "1.5"], "--factor"),
        (["--factor", "1001"], "--factor"), (["--factor", "abc"], "abc"),
        (["--factor", "99999999999999999999"], "--factor"),
        (["--fps", "0"], "'0' is no frame rate above 0 and up to 1000"), (["--fps=-1"], "--fps"),
        (["--fps", "nan"], "--fps"),
        (["--fps", "1e9"], "--fps"), (["--fps", "1/0"], "--fps"), (["--fps", "1001"], "--fps"),
        (["--fps", "inf"], "--fps"), (["--fps", ""], "--fps"),
        (["--factor", "2", "--fps", "60"], "exclude each other"),
        (["--timestep", "0.5"], "--timestep takes two images"),
        (["--threads", "0"], "--threads"), (["--projection", "deep"], "projection"),
        (["two.mp4", "three.mp4"], "got 3 inputs"),
        (["-o", ""], "output"), (["--crf", "nan"], "--crf"), (["--encoder-option", "novalue"], "novalue"),
        (["--quiet", "--verbose"], "exclude each other"),
    ])
    func numbers(_ arguments: [String], _ expected: String) async throws {
        try await refused(["av.mp4"] + arguments, saying: expected)
    }

    @Test(arguments: [
        (["-o", "av.mp4"], "av.mp4: the output would replace an input"),
        (["-o", "./empty/../av.mp4"], "the output would replace an input"),
        (["-o", "soft.mp4"], "soft.mp4: the output would replace an input"),
        (["-o", "hard.mp4"], "hard.mp4: the output would replace an input"),
        (["-o", "empty"], "empty: is a folder"),
        (["-o", "missing/out.mp4"], "missing/out.mp4: the folder does not exist"),
        (["-o", "out"], "the ending names no container"),
        (["-o", "out.nonsense"], "the ending names no container"),
        (["-o", "/dev/full", "--codec", "h264"], "/dev/full: "),
        (["-o", "notes.txt/out.mp4"], "notes.txt"), (["-o", "notes.txt/"], "notes.txt"),
        (["-o", "out.mp4", "--codec", "nonsense"], "no video encoder is called 'nonsense'"),
        (["-o", "out.mp4", "--codec", "aac"], "no video encoder is called 'aac'"),
        (["-o", "out.webm", "--codec", "mpeg4"], "container webm cannot hold video of codec mpeg4"),
        (["-o", "out.mp4", "--pix-fmt", "nonsense"], "no pixel format is called 'nonsense'"),
        (
            ["-o", "out.mp4", "--codec", "mpeg4", "--pix-fmt", "rgb24"],
            "encoder mpeg4 does not take pixel format rgb24"
        ),
        (["-o", "out.mp4", "--codec", "mpeg4", "--preset", "slow"], "encoder mpeg4 has no option 'preset'"),
        // FFmpeg lists what would do in further lines.
        (["-o", "out.mov", "--codec", "dnxhd"], "video parameters incompatible with DNxHD\n"),
        (["-o", "out.mp4", "--encoder-option", "nonsense=1"], "has no option 'nonsense'"),
        (["-o", "out.mp4", "--encoder-option", "g=abc"], "does not take 'abc' for option 'g'"),
    ])
    func outputs(_ arguments: [String], _ expected: String) async throws {
        try await refused(["av.mp4"] + arguments, saying: expected) { folder in
            try FileManager.default.createSymbolicLink(
                atPath: folder["soft.mp4"].path, withDestinationPath: "av.mp4")
            try FileManager.default.linkItem(at: folder["av.mp4"], to: folder["hard.mp4"])
        }
    }

    /// One line, which says what is taken: none of the encoder's own, with `--quiet` or without.
    @Test(arguments: [
        (
            ["--preset", "bogus"],
            "does not take 'bogus' for option 'preset'; it takes ultrafast, superfast, "
        ),
        (["--preset", "bogus", "--quiet"], "encoder libx264 does not take 'bogus' for option 'preset'; "),
        (["--preset", "10"], "does not take '10' for option 'preset'; it takes ultrafast"),
        (
            ["--codec", "libx265", "--preset", "bogus"],
            "encoder libx265 does not take 'bogus' for option 'preset'"
        ),
        (["--crf", "99"], "encoder libx264 does not take '99' for option 'crf'; it takes 0 to 51"),
        (
            ["--crf", "99", "--pix-fmt", "yuv420p10le"],
            "does not take '99' for option 'crf'; it takes 0 to 51"
        ),
        (["--codec", "libx265", "--crf", "52"], "encoder libx265 does not take '52' for option 'crf'"),
        (["--codec", "libvpx-vp9", "--crf", "99"], "does not take '99' for option 'crf'; it takes -1 to 63"),
        (["--encoder-option", "qp=52"], "does not take '52' for option 'qp'; it takes 0 to 51"),
        (["--encoder-option", "qp=64", "--pix-fmt", "yuv420p10le"], "for option 'qp'; it takes 0 to 63"),
        (
            ["--encoder-option", "x264-params=ref=2:crf=99"],
            "does not take '99' for option 'crf'; it takes 0 to 51"
        ),
        (["--encoder-option", "x264-params=bogus=1"], "of its parameters: Error parsing option 'bogus = 1'"),
        (
            ["--codec", "libx265", "--encoder-option", "x265-params=bogus=1"],
            "parameters: Unknown option: bogus"
        ),
        (
            ["--encoder-option", "tune=bogus"],
            "does not take 'bogus' for option 'tune'; it takes one of film"
        ),
        (["--encoder-option", "tune=film,grain"], "does not take 'film,grain' for option 'tune'"),
        (
            ["--encoder-option", "profile=bogus"],
            "does not take 'bogus' for option 'profile'; it takes baseline, main"
        ),
        (["--encoder-option", "profile=main", "--crf", "0"], "it takes high444 for this video"),
        (
            ["--encoder-option", "profile=high", "--pix-fmt", "yuv422p10le"],
            "does not take 'high' for option 'profile'; it takes high422, high444 for this video"
        ),
        (["--encoder-option", "g=abc"], "does not take 'abc' for option 'g'; it takes numbers"),
    ])
    func encoderOptions(_ arguments: [String], _ expected: String) async throws {
        try await refused(["av.mp4", "-o", "out.mp4"] + arguments, saying: expected)
    }

    /// The ends of what is taken, and words for it that are less common.
    @Test(arguments: [
        ["--crf", "51", "--preset", "0"], ["--crf", "0", "--encoder-option", "profile=high444"],
        ["--encoder-option", "qp=63", "--pix-fmt", "yuv420p10le"],
        ["--encoder-option", "tune=film,zerolatency", "--encoder-option", "profile=baseline"],
        ["--encoder-option", "profile=high422", "--pix-fmt", "yuv422p"],
        ["--encoder-option", "x264-params=keyint=30:crf=51"], ["--codec", "libx265", "--crf", "51"],
        ["--codec", "libsvtav1", "--crf", "63"],
    ])
    func encoderOptionsThatAreTaken(_ arguments: [String]) async throws {
        let folder = try TemporaryFolder()
        let result = try await DainProcess.run(
            ["interpolate", Clips["av.mp4"].path, "--frames", "3", "--quiet", "-o", "out.mp4"]
                + arguments, currentDirectory: folder.url)
        #expect(result.exitCode == 0 && result.stderr.isEmpty, "\(result)")
    }

    @Test(arguments: [
        (["1.ppm", "2.ppm", "--timestep", "0", "-o", "x.png"], "--timestep must be above 0 and below 1"),
        (["1.ppm", "2.ppm", "--timestep", "1", "-o", "x.png"], "--timestep must be above 0 and below 1"),
        (["1.ppm", "2.ppm", "--timestep", "nan", "-o", "x.png"], "--timestep"),
        (["1.ppm", "2.ppm", "--timestep=-1", "-o", "x.png"], "--timestep must be above 0 and below 1"),
        (["1.ppm", "2.ppm", "--factor", "2", "-o", "x.png"], "two images take --timestep"),
        (["av.mp4", "big-buck-bunny.mp4", "--factor", "2"], "with --output-dir"),
        (
            ["av.mp4", "big-buck-bunny.mp4"],
            "av.mp4: is a video; two inputs are two images, unless --output-dir"
        ),
        (["1.ppm", "2.ppm", "-o", "out%d.png"], "out%d.png: is for many images, and two make one"),
        (["1.ppm", "2.ppm", "-o", "out/"], "out/: is for many images, and two make one"),
        (["1.ppm", "2.ppm", "-o", "x.mp4"], "the ending names no image format"),
        (["1.ppm", "2.ppm", "-o", "x.nonsense"], "the ending names no image format"),
        (["1.ppm", "2.ppm", "-o", "1.ppm"], "1.ppm: the output would replace an input"),
        (["1.ppm", "2.ppm", "-o", "empty"], "empty: is a folder"),
        (
            ["1.ppm", "2.ppm", "-o", "x.png", "--pix-fmt", "yuv420p"],
            "encoder png does not take pixel format yuv420p"
        ),
        (["1.ppm", "wide.ppm", "-o", "x.png"], "the images differ in size: 64x48 and 65x48"),
        (["1.ppm", "av.mp4", "-o", "x.png"], "av.mp4: is a video"),
        (["1.ppm", "empty", "-o", "x.png"], "empty: "),
        (
            ["1.ppm", "missing.ppm", "-o", "x.png"],
            "missing.ppm: no such file; if it names the result, write -o missing.ppm"
        ),
        (["1.ppm", "notes.txt", "-o", "x.png"], "notes.txt: "),
        (["1.ppm", "audio-only.m4a", "-o", "x.png"], "audio-only.m4a: has no video stream"),
    ])
    func pairs(_ arguments: [String], _ expected: String) async throws {
        try await refused(arguments, saying: expected) { folder in
            try Clips.writeRamp(folder["wide.ppm"], frame: 0, width: 65)
        }
    }

    @Test(arguments: [
        (["in", "-o", "in/"], "in/: the output would replace an input"),
        (["in", "-o", "./in/%03d.png"], "the output would replace an input"),
        (["in/%d.ppm", "-o", "in/"], "the output would replace an input"),
        (["in", "-o", "link/"], "the output would replace an input"),
        (["in", "-o", "empty"], "empty: is a folder"),
        (["in", "-o", "missing/deeper/"], "missing/deeper"),
        (["in", "-o", "out/%d.nonsense"], "%d.nonsense"),
        (["in", "-o", "out/", "--codec", "libx264"], "container .png cannot hold video of codec h264"),
    ])
    func sequences(_ arguments: [String], _ expected: String) async throws {
        try await refused(arguments, saying: expected) { folder in
            try FileManager.default.createDirectory(at: folder["in"], withIntermediateDirectories: false)
            for number in 1...3 { try Clips.writeRamp(folder["in/\(number).ppm"], frame: number) }
            try FileManager.default.createSymbolicLink(
                atPath: folder["link"].path, withDestinationPath: "in")
        }
    }
}
