#if os(Linux)
    import Foundation
    import Synchronization
    import Testing

    /// The most resident memory that a process has had, by the kernel's own count.
    ///
    /// A thread of its own looks at it until the process ends: tasks may have to wait for other tests.
    private final class HighWaterMark: Sendable {
        private let last = Atomic(0)

        var bytes: Int { last.load(ordering: .acquiring) }

        init(of process: Int32) {
            Thread { [self] in
                while let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
                    let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
                    let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
                {
                    last.store(kibibytes * 1024, ordering: .releasing)
                    Thread.sleep(forTimeInterval: 0.005)
                }
            }.start()
        }
    }

    /// Memory holds a few frames, however many there are.
    struct MemoryTests {
        /// The most resident memory of a run over so many frames of 64x64, in bytes.
        private func peak(frames: Int, arguments: [String], output: String) async throws -> Int {
            let folder = try TemporaryFolder()
            try Clips.writeY4M(
                folder["clip.y4m"], width: 64, height: 64, frames: frames,
                luma: { x, y, frame in UInt8(16 + (4 * x + 2 * y + 3 * frame) % 200) })
            let process = try DainProcess.start(
                arguments + [folder["clip.y4m"].path, "-o", folder[output].path])
            let highWaterMark = HighWaterMark(of: process.processIdentifier)
            let result = try await process.wait()
            #expect(result.exitCode == 0, "\(result)")
            #expect(try folder.names() == ["clip.y4m", output])
            if output == "out.mkv" {
                #expect(try MediaFile(folder[output]).videoTimes.count == 2 * frames)
            }
            return highWaterMark.bytes
        }

        /// What 80 more frames would take as pictures alone: 12 KiB each as decoded, 48 KiB as the network's RGB, both
        /// twice, and 1.5 MB of features each. A pipeline that kept any of these would grow by more than the bound,
        /// which leaves room for the allocator's habits.
        @Test(arguments: [
            (["interpolate", "--codec", "ffv1"], "out.mkv"), (["evaluate", "--fast"], "out.png"),
        ])
        func memoryDoesNotGrowWithLength(_ arguments: [String], _ output: String) async throws {
            let short = try await peak(frames: 20, arguments: arguments, output: output)
            let long = try await peak(frames: 100, arguments: arguments, output: output)
            #expect(short > 10 << 20)
            #expect(long - short < 8 << 20, "\(short) bytes for 20 frames, \(long) for 100")
        }
    }
#endif
