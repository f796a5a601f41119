import Foundation

/// Faults on purpose: what a run finds of them, it would find of others.
struct PlantedFault: FuzzTarget {
    enum Kind: String, CaseIterable {
        case trap, hang, memory, message, abort
    }

    let kind: Kind

    var name: String { "planted-\(kind.rawValue)" }
    var summary: String { "a fault on purpose" }

    func corpus() -> [[UInt8]] { [[1, 2, 3]] }

    var mutator: Mutator { Mutator(greatestLength: 64) }

    private struct LongMessage: Error, CustomStringConvertible {
        var description: String { "one line\nand another" }
    }

    /// The fourth of each five is at fault.
    func input(_ index: Int, seed: UInt64, of corpus: [[UInt8]]) -> [UInt8] { [UInt8(index % 5)] }

    func read(_ bytes: [UInt8], _ scratch: Scratch) throws {
        guard bytes == [3] else { return }
        switch kind {
        case .trap: _ = bytes[bytes.count + Int(bytes[0])]
        case .hang: while true { Thread.sleep(forTimeInterval: 1) }
        case .memory:
            var hog: [[UInt8]] = []
            while true { hog.append([UInt8](repeating: UInt8(hog.count & 255), count: 1 << 24)) }
        case .message: throw LongMessage()
        case .abort: abort()
        }
    }
}
