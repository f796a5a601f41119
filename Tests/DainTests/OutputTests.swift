import Foundation
import Testing

/// What happens to the output's name: defaults, replacement, and runs that do not reach their end.
struct OutputTests {
    private static let old = Data("an older result".utf8)

    private func folder(with clip: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(at: Clips[clip], to: folder["clip.mp4"])
        return folder
    }

    @Test(arguments: [
        ([], "clip-2x.mp4"), (["--factor", "3"], "clip-3x.mp4"), (["--fps", "60"], "clip-60fps.mp4"),
        (["--fps", "60000/1001"], "clip-60000-1001fps.mp4"),
    ])
    func defaultNamesLieBesideTheInput(_ arguments: [String], _ name: String) async throws {
        let folder = try folder(with: "one-frame.mp4")
        let result = try await DainProcess.run(["interpolate", folder["clip.mp4"].path] + arguments)
        #expect(result.exitCode == 0, "\(result)")
        #expect(result.stdout.isEmpty)
        let note = "dain: note: wrote \(folder[name].path): "
        #expect(result.stderrLines.last?.hasPrefix(note) == true, "\(result)")
        #expect(try folder.names() == [name, "clip.mp4"])
    }

    /// What it reads by another name than its own is not written to.
    @Test(arguments: ["file:clip.mp4", "cache:file:clip.mp4", "concat:clip.mp4|clip.mp4", "-"])
    func theInputIsNotReplaced(_ name: String) async throws {
        let folder = try folder(with: "one-frame.mp4")
        let before = try Data(contentsOf: folder["clip.mp4"])
        let result = try await DainProcess.run(
            ["interpolate", name, "-o", "clip.mp4"], currentDirectory: folder.url,
            shell: name == "-" ? "exec < clip.mp4" : nil)
        #expect(result.exitCode == 2 && result.stderrLines.count == 1, "\(result)")
        #expect(result.stderr.contains("clip.mp4"), "\(result)")
        #expect(try Data(contentsOf: folder["clip.mp4"]) == before)
        #expect(try folder.names() == ["clip.mp4"])
    }

    @Test func quietPrintsNothing() async throws {
        let folder = try folder(with: "one-frame.mp4")
        let result = try await DainProcess.run(
            ["interpolate", "clip.mp4", "--quiet"], currentDirectory: folder.url)
        #expect(result.exitCode == 0 && result.stdout.isEmpty && result.stderr.isEmpty, "\(result)")
    }

    @Test func anOldResultIsReplaced() async throws {
        let folder = try folder(with: "one-frame.mp4")
        try Self.old.write(to: folder["clip-2x.mp4"])
        let refused = try await DainProcess.run(
            ["interpolate", "clip.mp4", "--no-overwrite"], currentDirectory: folder.url)
        #expect(refused.exitCode == 2 && refused.stderrLines.count == 1, "\(refused)")
        #expect(refused.stderr == "dain: error: clip-2x.mp4: exists already\n")
        #expect(try Data(contentsOf: folder["clip-2x.mp4"]) == Self.old)

        let replaced = try await DainProcess.run(["interpolate", "clip.mp4"], currentDirectory: folder.url)
        #expect(replaced.exitCode == 0, "\(replaced)")
        #expect(try MediaFile(folder["clip-2x.mp4"]).videoTimes.count == 2)
        #expect(try folder.names() == ["clip-2x.mp4", "clip.mp4"])
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func anInterruptionLeavesNothing(signal: Int32) async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(at: Clips["big-buck-bunny.mp4"], to: folder["clip.mp4"])
        try Self.old.write(to: folder["clip-1000x.mp4"])
        let process = try DainProcess.start(["interpolate", folder["clip.mp4"].path, "--factor", "1000"])
        // The file beside the final name is there before the network is loaded. 24,000 frames take long even for
        // a machine that makes a hundred a second: this must look again before they are done, beside other tests.
        try await process.waitWhileRunning { try folder.names().count >= 3 }
        try await Task.sleep(for: .seconds(1))
        #expect(try Data(contentsOf: folder["clip-1000x.mp4"]) == Self.old)
        process.send(signal: signal)
        let result = try await process.wait(timeout: 120)
        #expect(result.exitCode == 130 && result.signal == nil, "\(result)")
        #expect(result.stdout.isEmpty)
        #expect(result.stderrLines.last == "dain: error: interrupted", "\(result)")
        #expect(result.stderrLines.count { $0.contains("error") } == 1, "\(result)")
        #expect(try folder.names() == ["clip-1000x.mp4", "clip.mp4"])
        #expect(try Data(contentsOf: folder["clip-1000x.mp4"]) == Self.old)
    }

    @Test func aFullDiskIsAnErrorAndLeavesNothing() async throws {
        let folder = try folder(with: "av.mp4")
        try Self.old.write(to: folder["out.mkv"])
        // A limit on the size of files acts as a full disk does. Its unit is 512 bytes in some shells, 1024 in others.
        let result = try await DainProcess.run(
            ["interpolate", "clip.mp4", "--fps", "24", "--codec", "ffv1", "-o", "out.mkv"],
            currentDirectory: folder.url, shell: "ulimit -f 40")
        #expect(result.exitCode == 1 && result.signal == nil, "\(result)")
        #expect(result.stderrLines.last?.hasPrefix("dain: error: out.mkv: ") == true, "\(result)")
        #expect(result.stderr.contains("File too large"), "\(result)")
        #expect(try folder.names() == ["clip.mp4", "out.mkv"])
        #expect(try Data(contentsOf: folder["out.mkv"]) == Self.old)
    }

    @Test func aFolderThatCannotBeWritten() async throws {
        // Root writes anywhere.
        guard getuid() != 0 else { return }
        let folder = try folder(with: "one-frame.mp4")
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
        defer {
            do {
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
            } catch { Issue.record(error) }
        }
        let result = try await DainProcess.run(["interpolate", "clip.mp4"], currentDirectory: folder.url)
        #expect([1, 2].contains(result.exitCode) && result.stderrLines.count == 1, "\(result)")
        #expect(result.stderr.contains("clip-2x.mp4: cannot be written: Permission denied"), "\(result)")
    }
}
