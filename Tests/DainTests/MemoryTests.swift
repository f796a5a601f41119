#if os(Linux)
    import Foundation
    import Testing

    /// Memory holds a few frames, however many there are.
    struct MemoryTests {
        /// The most resident memory of a run over so many frames of 64x64, in bytes.
        private func peak(frames: Int) async throws -> Int {
            let folder = try TemporaryFolder()
            try Clips.writeY4M(
                folder["clip.y4m"], width: 64, height: 64, frames: frames,
                luma: { x, y, frame in UInt8(16 + (4 * x + 2 * y + 3 * frame) % 200) })
            let process = try DainProcess.start([
                "interpolate", folder["clip.y4m"].path, "--codec", "ffv1", "-o", folder["out.mkv"].path,
            ])
            // The kernel's own high-water mark, of which the last look before the end is the one that counts.
            var peak = 0
            let status = "/proc/\(process.processIdentifier)/status"
            while let text = try? String(contentsOfFile: status, encoding: .utf8),
                let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
                let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
            {
                peak = kibibytes * 1024
                try await Task.sleep(for: .milliseconds(5))
            }
            let result = try await process.wait()
            #expect(result.exitCode == 0, "\(result)")
            #expect(try MediaFile(folder["out.mkv"]).videoTimes.count == 2 * frames)
            return peak
        }

        /// What 80 more frames would take as pictures alone: 12 KiB each as decoded, 48 KiB as the network's RGB, both
        /// twice, and 1.5 MB of features each. A pipeline that kept any of these would grow by more than the bound,
        /// which leaves room for the allocator's habits.
        @Test func memoryDoesNotGrowWithLength() async throws {
            let (short, long) = (try await peak(frames: 20), try await peak(frames: 100))
            #expect(short > 10 << 20)
            #expect(long - short < 8 << 20, "\(short) bytes for 20 frames, \(long) for 100")
        }
    }
#endif
