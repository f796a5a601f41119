import Foundation

/// What only the program itself reads: its command line, and files that it names. Each input is a run of the built `dain`
/// with an input that does not exist, so that nothing is computed.
///
/// For a file of a new kind, add a case beside ``arguments`` that writes the bytes and names the file:
///
///     static let config = CommandTarget(name: "configs", …) { bytes, scratch in
///         ["interpolate", "missing.mp4", "--config", try scratch.write(bytes, "dain.json")]
///     }
struct CommandTarget: FuzzTarget {
    let name: String
    let summary: String
    let sound: [String]
    let mutator: Mutator
    /// What the program is called with for an input.
    let command: @Sendable ([UInt8], Scratch) throws -> [String]

    /// One argument a line.
    static let arguments = CommandTarget(
        name: "arguments", summary: "the command line of 'dain interpolate'",
        sound: [
            "--factor\n2\n-o\nout.mkv\n--codec\nffv1\n--crf\n18",
            "--fps\n60000/1001\n--start\n0:01.5\n--end\n1:00:00",
            "--slowdown\n2.5\n--audio\nstretch\n--frames\n100",
            "--range\n0:240\n--scene-threshold\n0.5\n--report\nr.json",
            "--input-format\nrawvideo\n--input-size\n64x64\n--input-pix-fmt\nyuv420p\n--input-rate\n24",
            "--timestep\n0.5\n--max-memory\n6G\n--threads\n2\n--encoder-option\ng=1",
        ],
        mutator: Mutator(
            tokens: [
                "\n", "--", "-", "=", "\n--factor\n", "--fps=", "--help", "--max-memory\n", "inf", "nan",
                "1e999", "0x1p9",
                "%05d.png", "/", "..", "\u{ff11}", "K", "T", "\n\n", "--duplicates\n", "--model\n",
            ],
            bytes: [[0xff], [0xc3, 0x28]], greatestLength: 2000)
    ) { bytes, _ in
        let text = String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
        return ["interpolate", "missing.mp4"]
            + text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    func corpus() throws -> [[UInt8]] { sound.map { Array($0.utf8) } + (try Fixtures.earlier(name)) }

    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    func read(_ bytes: [UInt8], _ scratch: Scratch) throws {
        let (output, errors) = (try scratch.write([], "stdout"), try scratch.write([], "stderr"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Driver.executable).deletingLastPathComponent()
            .appendingPathComponent("dain")
        process.arguments = try command(bytes, scratch)
        process.currentDirectoryURL = URL(fileURLWithPath: scratch.folder)
        process.environment = ["SWIFT_BACKTRACE": "enable=no", "DAIN_MODELS": scratch.folder]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
        try process.run()
        process.waitUntilExit()
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: errors)), as: UTF8.self)
        // What ended the program ends this process, as if it had been read here.
        if process.terminationReason == .uncaughtSignal { kill(getpid(), process.terminationStatus) }
        switch process.terminationStatus {
        case 0: return
        case 1, 2: throw Refused(description: text.trimmingCharacters(in: ["\n"]))
        default: fatalError("exit code \(process.terminationStatus): \(text)")
        }
    }
}
