import Testing
import Weights

@Suite("Comparing weights with a network")
struct ParameterCheckTests {
    private func weights(_ shapes: [(String, [Int])]) throws -> WeightDictionary {
        try #require(
            WeightDictionary(
                shapes.map {
                    (
                        key: $0,
                        tensor: WeightTensor(shape: $1, values: .init(repeating: 0, count: $1.reduce(1, *)))
                    )
                }))
    }

    @Test("Weights that fit pass")
    func fits() throws {
        try weights([("a", [2, 3]), ("b", [])]).check(against: [
            ParameterSpecification(key: "b", shape: []), ParameterSpecification(key: "a", shape: [2, 3]),
            ParameterSpecification(key: "c", shape: [1], isOptional: true),
        ])
    }

    @Test("The three kinds of difference are reported together, on one line, three names each")
    func report() throws {
        let expected =
            (1...5).map { ParameterSpecification(key: "missing\($0)", shape: [$0]) }
            + (1...4).map { ParameterSpecification(key: "shape\($0)", shape: [$0, 1]) }
        let found = try weights(
            (1...4).map { ("shape\($0)", [$0]) } + [("extra\n1", [1])])
        let mismatch = try #require(throws: ParameterMismatch.self) { try found.check(against: expected) }
        #expect(mismatch.missing == ["missing1", "missing2", "missing3", "missing4", "missing5"])
        #expect(mismatch.extra == ["extra\n1"])
        #expect(mismatch.misshapen.map(\.key) == ["shape1", "shape2", "shape3", "shape4"])
        #expect(
            mismatch.description
                == "5 missing: 'missing1', 'missing2', 'missing3' and 2 more; 1 extra: 'extra\\n1'; "
                + "4 of another shape: 'shape1' ([1], expected [1, 1]), 'shape2' ([2], expected [2, 1]), "
                + "'shape3' ([3], expected [3, 1]) and 1 more")
    }

    @Test("A transposed shape of the same size is another shape")
    func transposed() throws {
        #expect(throws: ParameterMismatch.self) {
            try weights([("a", [2, 3])]).check(against: [ParameterSpecification(key: "a", shape: [3, 2])])
        }
    }

    @Test("The counters of batch normalisation may be missing or extra, but not of another shape")
    func counters() throws {
        let counter = ParameterSpecification(key: "bn.num_batches_tracked", shape: [])
        try weights([]).check(against: [counter])
        try weights([("bn.num_batches_tracked", [])]).check(against: [])
        #expect(throws: ParameterMismatch.self) {
            try weights([("bn.num_batches_tracked", [2])]).check(against: [counter])
        }
    }

    @Test("An optional parameter must have its shape if it is there")
    func optional() throws {
        #expect(throws: ParameterMismatch.self) {
            try weights([("a", [2])]).check(against: [
                ParameterSpecification(key: "a", shape: [3], isOptional: true)
            ])
        }
    }
}
