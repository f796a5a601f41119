import ArgumentParser

/// What `--device` asks for.
enum DeviceRequest: Hashable, Sendable, CustomStringConvertible {
    /// The first GPU that can be used, else the CPU.
    case auto
    case cpu
    /// The GPU of this number.
    case cuda(Int)

    init(argument: String) throws {
        switch argument {
        case "auto": self = .auto
        case "cpu": self = .cpu
        case "cuda": self = .cuda(0)
        default:
            // Digits alone: `Int` would take a sign.
            guard argument.hasPrefix("cuda:"), argument.dropFirst(5).allSatisfy({ "0"..."9" ~= $0 }),
                let index = Int(argument.dropFirst(5)), index < 1024
            else {
                throw ValidationError("expected auto, cpu, cuda, or cuda:N with the number of a GPU from 0")
            }
            self = .cuda(index)
        }
    }

    var description: String {
        switch self {
        case .auto: "auto"
        case .cpu: "cpu"
        case .cuda(let index): index == 0 ? "cuda" : "cuda:\(index)"
        }
    }
}
