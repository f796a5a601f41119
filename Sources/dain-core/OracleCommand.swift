import ArgumentParser
import BackendChecks
import CPUBackend
import CUDABackend
import Foundation
import Tensors

struct OracleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "oracle",
        abstract: "Compares the whole network with recorded outputs of the published definition.",
        discussion: """
            Files are safetensors as scripts/reference/make_fixtures.py writes them: two frames, and what the definition in \
            PyTorch computed from them with weights by formula. Of every entry the worst difference, the share of elements \
            within 1e-3 and the PSNR for a peak of 1 are printed.

            In fp32 every entry must have 99 % of its elements within 1e-3, and new frames a PSNR of 55 dB. tf32 and fp16 are \
            reported, and must give numbers: what their rounding makes of a frame depends on the weights, and those by \
            formula pass it on far more than trained ones, for which 45 dB on real frames is a sensible bound (the command \
            'parity' with a model and frames).

            The exit code is 1 when an entry fails or a file cannot be read, and 64 when the options are wrong.
            """)

    @Option(help: "The GPU, numbered from 0. (default: 0)")
    var gpu: Int?

    @Option(help: "fp32, tf32 or fp16. (default: fp16; fp32 with --cpu, which has no other)")
    var precision: Precision?

    @Flag(help: "Compute on the CPU, with the program's own kernels.")
    var cpu = false

    @Argument(help: "Files, or folders of which all safetensors files are compared.")
    var paths: [String]

    func validate() throws {
        guard cpu else { return }
        if gpu != nil { throw ValidationError("--cpu and --gpu exclude each other") }
        if let precision, precision != .fp32 { throw ValidationError("the CPU has fp32 alone") }
    }

    func run() throws {
        let files = try paths.flatMap(Self.files)
        if cpu {
            try compare(files, CPUBackend(), named: "CPU, fp32", precision: .fp32)
        } else {
            let precision = precision ?? .fp16
            let backend = try CUDABackend(index: gpu ?? 0, precision: precision)
            try compare(files, backend, named: "\(backend.deviceName), \(precision)", precision: precision)
        }
    }

    private func compare<B: Backend>(
        _ files: [String], _ backend: B, named name: String, precision: Precision
    ) throws {
        let networks = FormulaNetworks(backend)
        var (count, failures) = (0, 0)
        for file in files {
            let fixture = try ParityFixture(path: file)
            print("\(fixture.name), \(fixture.shape.width)x\(fixture.shape.height)")
            for agreement in try fixture.agreements(with: ParityRun(fixture, networks).values) {
                let passes = precision == .fp32 ? agreement.agreesAsFloat32 : agreement.isFinite
                count += 1
                if !passes { failures += 1 }
                print(passes ? "  ok" : "  FAILED", agreement)
            }
        }
        let verdict =
            precision == .fp32 ? "\(failures) failed" : "\(failures) without numbers, not judged otherwise"
        print("\(name): \(count) entries of \(files.count) files, \(verdict)")
        if failures > 0 { throw ExitCode.failure }
    }

    private static func files(_ path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ParityError("\(path) is not there")
        }
        guard isFolder.boolValue else { return [path] }
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
            .filter { $0.hasSuffix(".safetensors") }.sorted()
        if names.isEmpty { throw ParityError("\(path) holds no safetensors files") }
        return names.map { URL(fileURLWithPath: path).appendingPathComponent($0).path }
    }
}
