import ArgumentParser
import CUDABackend

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Lists the GPUs, and the libraries that computing on them needs.")

    func run() {
        let report = GPUReport.gather()
        for (label, value) in report.rows {
            print(label + String(repeating: " ", count: max(1, 12 - label.count)) + value)
        }
    }
}
