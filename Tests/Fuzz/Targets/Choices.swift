/// What is done with an input besides reading it, chosen by its own bytes: a saved file is read the same way again.
struct Choices {
    private var random: SeededGenerator

    init(_ bytes: [UInt8]) { random = SeededGenerator(seed: SeededGenerator.hash(bytes)) }

    mutating func pick<Element>(_ elements: [Element]) -> Element { random.pick(elements) }
    mutating func once(in times: Int) -> Bool { random.once(in: times) }
}
