import ArgumentParser

/// An amount of memory as the command line writes it: `6G`, `1.5GiB`, `800M`. Units are powers of 1024.
struct MemorySize: Hashable, Sendable {
    let bytes: Int

    private static let units: [Character: Double] = [
        "k": 1024, "m": 1_048_576, "g": 1_073_741_824, "t": 1_099_511_627_776,
    ]

    init(argument: String) throws {
        var text = argument.lowercased()[...]
        for ending in ["ib", "b"] where text.hasSuffix(ending) {
            text.removeLast(ending.count)
            break
        }
        guard let unit = text.popLast().flatMap({ Self.units[$0] }), let number = Double(text),
            number.isFinite, number > 0, number * unit < 1e15
        else {
            throw ValidationError("'\(argument)' is no amount of memory with its unit, such as 800M or 6G")
        }
        bytes = Int(number * unit)
    }
}
