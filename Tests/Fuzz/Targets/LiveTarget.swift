import Foundation
import Media

#if canImport(Glibc)
    import Glibc
#endif

/// YUV4MPEG, as a file or through a pipe, which the program reads differently.
struct LiveTarget: FuzzTarget {
    var name: String { "yuv4mpeg" }
    var summary: String { "YUV4MPEG from files and pipes" }
    var share: Int { 3 }

    /// What a pipe holds while nobody reads.
    private static let pipeCapacity = 65_536

    func corpus() throws -> [[UInt8]] {
        func stream(_ header: String, _ frameBytes: Int, frames: Int) -> [UInt8] {
            Array("YUV4MPEG2 \(header)\n".utf8)
                + (0..<frames).flatMap { frame in
                    Array("FRAME\n".utf8)
                        + (0..<frameBytes).map { UInt8(truncatingIfNeeded: $0 * 3 + frame * 5) }
                }
        }
        return [
            stream("W16 H16 F25:1 Ip A1:1 C420mpeg2", 384, frames: 4),
            stream("W16 H16 F24000:1001 It A1:1 C420jpeg XCOLORRANGE=FULL", 384, frames: 3),
            stream("W8 H6 F30:1 Ip A4:3 C422p10", 192, frames: 4),
            stream("W7 H5 F50:1 C444", 105, frames: 5), stream("W9 H9 F25:1 Cmono16", 162, frames: 3),
            stream("W16 H16 F25:1 C420p16 XYSCSS=420P16", 768, frames: 2),
        ] + (try Fixtures.earlier(name))
    }

    var mutator: Mutator {
        Mutator(
            tokens: [
                "YUV4MPEG2", " W", " H", " F", " I", " A", " C", " X", "FRAME", "\n", " ", ":", "0:0",
                "C420p10",
                "C422", "C444", "C411", "Cmono", "C444alpha", "C420paldv", "W32768", "H32768",
                "F1:1000000000",
                "F2147483647:1", "A0:0", "Im", "Ib", "It", "XCOLORRANGE=LIMITED", "Ixyz",
            ],
            focus: .ends(80), greatestLength: Self.pipeCapacity - 1)
    }

    func read(_ bytes: [UInt8], _ scratch: Scratch) throws {
        var choices = Choices(bytes)
        let (work, ending) = MeanInterpolation.chosen(by: &choices)
        let settings = InputSettings(
            format: choices.pick([nil, "y4m"]), greatestPixels: PixelLimit.fuzzing)
        let output = scratch.path("output.\(ending)")
        if choices.once(in: 2) {
            return try work.run(try scratch.write(bytes, "input.y4m"), settings, to: output)
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw CannotMakePipe(code: errno) }
        defer { close(ends[0]) }
        let written = bytes.withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
        close(ends[1])
        guard written == bytes.count else { throw CannotMakePipe(code: errno) }
        try work.run("pipe:\(ends[0])", settings, to: output)
    }

    private struct CannotMakePipe: Error {
        let code: Int32
    }
}
