/// A part of the program that reads what it is given.
///
/// To add one: a type that conforms, and its name in ``FuzzTargets/all``.
protocol FuzzTarget: Sendable {
    /// How the command line calls it.
    var name: String { get }
    /// What an input is, in a few words.
    var summary: String { get }
    /// Its part of a whole run: twice as many inputs with 2 as with 1. Fast targets have more.
    var share: Int { get }
    /// Sound inputs, and ones that were trouble before.
    func corpus() throws -> [[UInt8]]
    var mutator: Mutator { get }
    /// Input `index` of a seed, always the same one.
    func input(_ index: Int, seed: UInt64, of corpus: [[UInt8]]) -> [UInt8]
    /// Mends what would end the reading early, such as checksums. Half of the inputs are mended.
    func mend(_ bytes: inout [UInt8])
    /// Reads the input. Every error that is thrown must be one that the program shows to users, on one line.
    func read(_ bytes: [UInt8], _ scratch: Scratch) throws
}

extension FuzzTarget {
    var share: Int { 1 }

    func mend(_: inout [UInt8]) {}

    /// The corpus as it is, and then damaged.
    func input(_ index: Int, seed: UInt64, of corpus: [[UInt8]]) -> [UInt8] {
        if index < corpus.count { return corpus[index] }
        var random = SeededGenerator(target: name, seed: seed, index: index)
        var bytes = mutator.mutate(corpus, using: &random)
        if random.once(in: 2) { mend(&bytes) }
        return bytes
    }
}

enum FuzzTargets {
    /// What a run without a choice covers.
    static let all: [any FuzzTarget] = [
        ClipTarget(part: .container), ClipTarget(part: .everything), LiveTarget(), RawTarget(), ImageTarget(),
        JoinTarget(), SafetensorsTarget(), CheckpointTarget(kind: .zip), CheckpointTarget(kind: .legacy),
        ManifestTarget(), TextTarget(), CommandTarget.arguments,
    ]

    /// Faults on purpose, which show that they are found.
    static let planted: [any FuzzTarget] = PlantedFault.Kind.allCases.map(PlantedFault.init)

    static func named(_ name: String) -> (any FuzzTarget)? {
        (all + planted).first { $0.name == name }
    }
}
