import Foundation
import Testing

/// `--device` and `--precision`, where no GPU can be used.
struct DeviceTests {
    /// A pair of small pictures.
    private func pictures() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, shift) in [("a.ppm", 0), ("b.ppm", 3)] {
            var bytes = Data("P6\n64 64\n255\n".utf8)
            for index in 0..<64 * 64 * 3 { bytes.append(UInt8((index / 3 % 64 + shift) * 2 + index / 192)) }
            try bytes.write(to: folder[name])
        }
        return folder
    }

    private func interpolate(
        _ arguments: [String], in folder: TemporaryFolder, _ fakes: FakeLibraries? = nil
    ) async throws -> (result: DainProcess.Result, picture: Data?) {
        let result = try await DainProcess.run(
            ["interpolate", "a.ppm", "b.ppm", "-o", "out.ppm"] + arguments,
            environment: fakes?.environment ?? [:],
            currentDirectory: folder.url)
        // Their folder is removed with them.
        withExtendedLifetime(fakes) {}
        let file = folder["out.ppm"]
        defer { try? FileManager.default.removeItem(at: file) }
        return (result, FileManager.default.contents(atPath: file.path))
    }

    @Test(arguments: ["gpu", "cuda:x", "cuda:-1", "cuda:", "cuda:+1", "cuda:99999999999999999999", "CPU"])
    func devicesThatCannotBeMeantAreRefused(_ name: String) async throws {
        for command in [["interpolate", "a.ppm", "b.ppm"], ["evaluate", "a.mp4"], ["bench"]] {
            let result = try await DainProcess.run(command + ["--device=\(name)"])
            #expect(result.exitCode == 2 && result.stderrLines.count == 1, "\(result)")
            #expect(result.stderr.contains("expected auto, cpu, cuda, or cuda:N"), "\(result)")
        }
    }

    @Test(arguments: ["fp16", "tf32"]) func theCPUHasOnePrecision(_ precision: String) async throws {
        for command in [["interpolate", "a.ppm", "b.ppm"], ["evaluate", "a.mp4"], ["bench"]] {
            let result = try await DainProcess.run(command + ["--device", "cpu", "--precision", precision])
            #expect(result.exitCode == 2, "\(result)")
            #expect(
                result.stderr
                    == "dain: error: '--precision \(precision)' is for GPUs: '--device cpu' computes in fp32\n"
            )
        }
    }

    @Test func precisionsThatCannotBeMeantAreRefused() async throws {
        let result = try await DainProcess.run(["bench", "--precision", "half"])
        #expect(result.exitCode == 2 && result.stderrLines.count == 1, "\(result)")
        #expect(result.stderr.contains("'fp32', 'tf32' or 'fp16'"), "\(result)")
    }

    @Test func aGPUThatIsAskedForMustBeThere() async throws {
        let folder = try pictures()
        let clip = Clips["drop-24000-1001.mp4"].path
        let commands = [
            ["interpolate", "a.ppm", "b.ppm", "-o", "out.ppm"], ["interpolate", clip, "-o", "out.mp4"],
            ["interpolate", clip, "-o", "out.mp4", "--resume"], ["interpolate", clip, "-o", "-"],
            ["interpolate", "a.ppm", "b.ppm", "--dry-run"],
            ["interpolate", clip, "--output-dir", "results"], ["evaluate", clip, "-o", "out.png"], ["bench"],
        ]
        for command in commands {
            let result = try await DainProcess.run(
                command + ["--device", "cuda"], currentDirectory: folder.url)
            #expect(result.exitCode == 1, "\(command): \(result)")
            let line = try #require(result.stderrLines.last)
            #expect(line.hasPrefix("dain: error: '--device cuda' cannot be used: "), "\(command): \(result)")
            #expect(
                line.contains("the NVIDIA driver (libcuda) was not found (tried libcuda.so.1")
                    || line.contains("the driver finds no GPU"), "\(command): \(result)")
            #expect(
                line.hasSuffix("; '--device auto' takes the CPU where there is no GPU"),
                "\(command): \(result)")
            #expect(result.stdout.isEmpty, "\(command): \(result)")
            #expect(try folder.names() == ["a.ppm", "b.ppm"], "\(command)")
        }
    }

    @Test func theSummarySaysWhatFailed() async throws {
        let (result, _) = try await interpolate(["--device", "cuda:1", "--json"], in: pictures())
        #expect(result.exitCode == 1, "\(result)")
        let summary = try failure(result)
        #expect(summary["device"] is NSNull && summary["precision"] is NSNull, "\(result)")
    }

    @Test func aReportThatCannotBeMadeSaysWhy() async throws {
        let result = try await DainProcess.run(["bench", "--device", "cuda:1", "--json"])
        #expect(result.exitCode == 1, "\(result)")
        #expect(try failure(result).keys.sorted() == ["error", "exit_code", "status", "version"])
    }

    /// The object on standard output of a run that had no GPU.
    private func failure(_ result: DainProcess.Result) throws -> [String: Any] {
        let summary = try #require(
            JSONSerialization.jsonObject(with: Data(result.stdout.utf8)) as? [String: Any], "\(result)")
        #expect(summary["status"] as? String == "failed" && summary["exit_code"] as? Int == 1)
        #expect((summary["error"] as? String)?.hasPrefix("'--device cuda:1' cannot be used: ") == true)
        return summary
    }

    @Test func autoIsQuietlyTheCPU() async throws {
        let folder = try pictures()
        let cpu = try await interpolate(["--device", "cpu"], in: folder)
        #expect(cpu.result.exitCode == 0, "\(cpu.result)")
        for arguments in [
            [], ["--device", "auto"], ["--precision", "fp32"], ["--device", "cpu", "--precision", "fp32"],
        ] {
            let (result, picture) = try await interpolate(arguments, in: folder)
            #expect(result.exitCode == 0 && result.stderr == cpu.result.stderr, "\(result)")
            #expect(picture != nil && picture == cpu.picture, "\(arguments)")
        }
        let (result, picture) = try await interpolate(["--precision", "fp16"], in: folder)
        #expect(result.exitCode == 0 && picture == cpu.picture, "\(result)")
        #expect(
            result.stderrLines.first
                == "dain: note: '--precision fp16' is for GPUs: the CPU computes in fp32",
            "\(result)")
    }

    @Test func reportsNameTheDevice() async throws {
        let folder = try pictures()
        let (run, _) = try await interpolate(["--json"], in: folder)
        let summary = try #require(
            JSONSerialization.jsonObject(with: Data(run.stdout.utf8)) as? [String: Any])
        #expect(summary["device"] as? String == "cpu" && summary["precision"] as? String == "fp32", "\(run)")
        let (planned, _) = try await interpolate(["--json", "--dry-run"], in: folder)
        let report = try #require(
            JSONSerialization.jsonObject(with: Data(planned.stdout.utf8)) as? [String: Any])
        let plan = try #require((report["plans"] as? [[String: Any]])?.first)
        let device = try #require(plan["device"] as? [String: Any])
        #expect(device["name"] as? String == "cpu" && device["precision"] as? String == "fp32", "\(planned)")
        #expect(device["model"] is NSNull, "\(planned)")
        let (text, _) = try await interpolate(["--dry-run"], in: folder)
        #expect(text.stdout.contains("\n    device    cpu, fp32\n"), "\(text)")
        let bench = try await DainProcess.run(["bench", "--resolution", "64x64", "--runs", "1", "--json"])
        let measured = try #require(
            JSONSerialization.jsonObject(with: Data(bench.stdout.utf8)) as? [String: Any])
        #expect(
            measured["device"] as? String == "cpu" && measured["precision"] as? String == "fp32", "\(bench)")
        #expect(measured["threads"] as? Int ?? 0 > 0 && measured["device_model"] == nil, "\(bench)")
    }

    @Test func aConfigurationMaySetBoth() async throws {
        let folder = try pictures()
        func run(_ configuration: String, _ arguments: [String] = []) async throws -> DainProcess.Result {
            try Data(configuration.utf8).write(to: folder["dain.json"])
            return try await interpolate(["--config", "dain.json"] + arguments, in: folder).result
        }
        #expect(try await run(#"{"device": "cpu", "precision": "fp32"}"#).exitCode == 0)
        let missing = try await run(#"{"device": "cuda:2"}"#)
        #expect(
            missing.exitCode == 1 && missing.stderr.contains("'--device cuda:2' cannot be used"), "\(missing)"
        )
        #expect(try await run(#"{"device": "cuda:2"}"#, ["--device", "cpu"]).exitCode == 0)
        let wrong = try await run(#"{"device": "gpu"}"#)
        #expect(wrong.exitCode == 2 && wrong.stderr.hasPrefix("dain: error: dain.json:1: "), "\(wrong)")
        #expect(wrong.stderr.contains("expected auto, cpu, cuda"), "\(wrong)")
        // The command line comes first.
        #expect(try await run(#"{"precision": "fp16"}"#, ["--device", "cpu"]).exitCode == 0)
        let mixed = try await run(#"{"precision": "fp16", "device": "cpu"}"#)
        #expect(mixed.exitCode == 2, "\(mixed)")
        #expect(mixed.stderr.hasPrefix("dain: error: dain.json: '--precision fp16' is for GPUs"), "\(mixed)")
    }

    /// What is named otherwise and makes the same frames is no change.
    @Test func aResultOfTheCPUIsFinishedHoweverThatIsCalled() async throws {
        let folder = try TemporaryFolder()
        try Clips.writeY4M(folder["in.y4m"], width: 64, height: 64, frames: 3) { x, _, frame in
            UInt8(x + 9 * frame)
        }
        let command = ["interpolate", "in.y4m", "-o", "out.mkv", "--resume"]
        let first = try await DainProcess.run(command, currentDirectory: folder.url)
        #expect(first.exitCode == 0 && first.stderr.contains("wrote out.mkv"), "\(first)")
        let again = try await DainProcess.run(
            command + ["--device", "cpu", "--precision", "fp32"], currentDirectory: folder.url)
        #expect(again.exitCode == 0 && again.stderr == "dain: note: out.mkv is finished\n", "\(again)")
    }

    #if os(Linux)
        private static let noCompiler: Comment = "clang is not there to make fake libraries with"

        @Test(.enabled(if: FakeLibraries.canBeMade, noCompiler), arguments: [0, 100])
        func aDriverWithoutAGPUIsNoNews(_ status: Int) async throws {
            let fakes = try FakeLibraries(.init(status: status, gpus: 0), broken: ["libnvrtc.so.13"])
            let folder = try pictures()
            let cpu = try await interpolate(["--device", "cpu"], in: folder)
            let auto = try await interpolate([], in: folder, fakes)
            #expect(auto.result.exitCode == 0 && auto.picture == cpu.picture, "\(auto.result)")
            #expect(auto.result.stderr == cpu.result.stderr, "\(auto.result)")
            let asked = try await interpolate(
                ["--device", "cuda"], in: folder, fakes)
            #expect(asked.result.exitCode == 1, "\(asked.result)")
            #expect(
                asked.result.stderr.contains("cannot be used: the driver finds no GPU; "), "\(asked.result)")
        }

        /// A GPU that cannot be used is told of, once, and the CPU takes its place.
        @Test(
            .enabled(if: FakeLibraries.canBeMade, noCompiler),
            arguments: [
                (
                    FakeLibraries.Driver(), ["nvrtcGetCUBIN"], [],
                    "NVRTC (libnvrtc) is too old: libnvrtc.so.13 has no nvrtcGetCUBIN"
                ),
                (
                    FakeLibraries.Driver(), ["cudnnGetLastErrorString"], [],
                    "cuDNN 9 (libcudnn) is too old: libcudnn.so.9 has no cudnnGetLastErrorString"
                ),
                (
                    FakeLibraries.Driver(), ["cuMemGetInfo_v2"], [],
                    "the NVIDIA driver (libcuda) is too old: libcuda.so.1 has no cuMemGetInfo_v2"
                ),
                (FakeLibraries.Driver(), [], ["libcudnn.so.9"], "cuDNN 9 (libcudnn) cannot be loaded: "),
                (
                    FakeLibraries.Driver(capability: (6, 1)), [], [],
                    "Fake GPU has compute capability 6.1; at least 7.0 is needed"
                ),
                (FakeLibraries.Driver(status: 999), [], [], "cuInit: a fake error (FAKE)"),
                (FakeLibraries.Driver(), [], [], "cuDevicePrimaryCtxRetain: a fake error (FAKE)"),
            ] as [(FakeLibraries.Driver, Set<String>, [String], String)])
        func aGPUThatCannotBeUsedIsToldOf(
            _ driver: FakeLibraries.Driver, _ without: Set<String>, _ broken: [String], _ reason: String
        ) async throws {
            let fakes = try FakeLibraries(driver, without: without, broken: broken)
            let folder = try pictures()
            let cpu = try await interpolate(["--device", "cpu"], in: folder)
            let auto = try await interpolate([], in: folder, fakes)
            #expect(auto.result.exitCode == 0 && auto.picture == cpu.picture, "\(auto.result)")
            let warnings = auto.result.stderrLines.filter { $0.hasPrefix("dain: warning: ") }
            #expect(warnings.count == 1, "\(auto.result)")
            #expect(
                warnings.first?.hasPrefix("dain: warning: the GPU is not used: \(reason)") == true,
                "\(auto.result)")
            let asked = try await interpolate(
                ["--device", "cuda"], in: folder, fakes)
            #expect(asked.result.exitCode == 1 && asked.result.stderrLines.count == 1, "\(asked.result)")
            #expect(
                asked.result.stderr.contains("'--device cuda' cannot be used: \(reason)"), "\(asked.result)")
        }

        @Test(.enabled(if: FakeLibraries.canBeMade, noCompiler)) func autoTakesTheFirstGPUThatCanBeUsed()
            async throws
        {
            let fakes = try FakeLibraries(.init(gpus: 2, firstCapability: (6, 1)))
            let folder = try pictures()
            // The fake is at its end when it is used.
            let auto = try await interpolate([], in: folder, fakes)
            #expect(
                auto.result.stderr.contains("the GPU is not used: cuDevicePrimaryCtxRetain"), "\(auto.result)"
            )
            for option in ["--json", "--dry-run"] {
                let told = try await interpolate(
                    option == "--json" ? [option] : [option, "--json"], in: folder, fakes
                ).result
                #expect(told.stdout.contains("\"the GPU is not used: cuDevicePrimaryCtxRetain"), "\(told)")
            }
            let asked = try await interpolate(["--device", "cuda"], in: folder, fakes)
            #expect(asked.result.stderr.contains("compute capability 6.1"), "\(asked.result)")
            let doctor = try await DainProcess.run(["doctor"], environment: fakes.environment)
            #expect(doctor.stdout.contains("6.1, 80.0 GiB; not usable, too old"), "\(doctor)")
            #expect(doctor.stdout.contains("9.0, 80.0 GiB\n"), "\(doctor)")
        }

        @Test(.enabled(if: FakeLibraries.canBeMade, noCompiler)) func numbersBeyondTheLastGPUAreRefused()
            async throws
        {
            let fakes = try FakeLibraries(.init(gpus: 2))
            let (result, _) = try await interpolate(
                ["--device", "cuda:2"], in: pictures(), fakes)
            #expect(result.exitCode == 1, "\(result)")
            #expect(
                result.stderr.contains("there is no GPU 2: the driver finds 2, numbered from 0"), "\(result)")
        }
    #endif
}
