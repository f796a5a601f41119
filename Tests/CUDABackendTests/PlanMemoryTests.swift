import CUDABackend
import Foundation
import Tensors
import Testing

struct PlanMemoryTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

    private func geometry(height: Int, activation: Activation = .relu) -> ConvolutionGeometry {
        ConvolutionGeometry(
            description: ConvolutionDescription(
                inputChannels: 3, outputChannels: 16, kernel: 3, activation: activation),
            inputChannels: 8, outputChannels: 16, height: height, width: 64, inputPitch: 8, outputPitch: 16,
            residualPitch: nil, isHalf: true, allowsMatrixUnits: true)
    }

    @Test func choicesAreFoundAgain() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let choices: [(ConvolutionGeometry, PlanChoice)] = [
            (geometry(height: 8), PlanChoice(form: .plain, isFused: true, heuristics: 3, position: 0)),
            (geometry(height: 9), PlanChoice(form: .pixels(4), isFused: false, heuristics: 3, position: 17)),
            (
                geometry(height: 9, activation: .identity),
                PlanChoice(form: .product, isFused: true, heuristics: 0, position: 2)
            ),
            (geometry(height: 10), PlanChoice(form: .columns, isFused: true, heuristics: 2, position: 1)),
        ]
        let memory = PlanMemory(machine: "Some GPU, driver 13000", folder: folder)
        for (geometry, choice) in choices { memory[geometry] = choice }
        memory.save()
        let again = PlanMemory(machine: "Some GPU, driver 13000", folder: folder)
        for (geometry, choice) in choices { #expect(again[geometry] == choice) }
        #expect(again[geometry(height: 11)] == nil)
        // Another driver chooses for itself.
        #expect(PlanMemory(machine: "Some GPU, driver 13010", folder: folder)[geometry(height: 8)] == nil)
    }

    /// What is damaged counts as not chosen, and what is whole beside it counts.
    @Test func damagedLinesAreNoChoices() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let memory = PlanMemory(machine: "gpu", folder: folder)
        memory[geometry(height: 8)] = PlanChoice(form: .plain, isFused: true, heuristics: 3, position: 5)
        memory.save()
        let file = folder.appendingPathComponent("gpu.txt")
        let line = try String(contentsOf: file, encoding: .utf8)
        let damaged = line.replacingOccurrences(of: ",8,64,", with: ",9,64,").replacingOccurrences(
            of: "plain", with: "round")
        #expect(damaged != line)
        try (damaged + line + "\n\u{0} 1 2\n,,, ,,,\n").write(to: file, atomically: true, encoding: .utf8)
        let again = PlanMemory(machine: "gpu", folder: folder)
        #expect(again[geometry(height: 8)]?.position == 5)
        #expect(again[geometry(height: 9)] == nil)
    }
}
