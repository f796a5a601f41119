import Foundation

/// One parameter that a network expects.
public struct ParameterSpecification: Hashable, Sendable {
    public let key: String
    /// Outermost dimension first; empty for a scalar.
    public let shape: [Int]
    /// Whether a file without it is accepted.
    public let isOptional: Bool

    public init(key: String, shape: [Int], isOptional: Bool = false) {
        self.key = key
        self.shape = shape
        self.isOptional = isOptional
    }

    /// Batch normalisation counts its training steps under a key of this ending. Inference has no use for
    /// the count, and files from before torch 0.4.1 lack it: such a key may be missing or extra.
    static func isTrainingCounter(_ key: String) -> Bool { key.hasSuffix(".num_batches_tracked") }
}

/// How a file of weights differs from what a network expects. Its description is one line with the first
/// three keys of each kind.
public struct ParameterMismatch: Error, Equatable, Sendable {
    public struct Shape: Equatable, Sendable {
        public let key: String
        public let expected: [Int]
        public let found: [Int]
    }

    /// In the order of the network.
    public internal(set) var missing: [String] = []
    /// In the order of the file.
    public internal(set) var extra: [String] = []
    /// In the order of the network.
    public internal(set) var misshapen: [Shape] = []

    public var isEmpty: Bool { missing.isEmpty && extra.isEmpty && misshapen.isEmpty }
}

extension ParameterMismatch: CustomStringConvertible, LocalizedError {
    public var description: String {
        [
            Self.summary("missing", missing.map(quoted)),
            Self.summary("extra", extra.map(quoted)),
            Self.summary(
                "of another shape",
                misshapen.map { "\(quoted($0.key)) (\($0.found), expected \($0.expected))" }),
        ].compactMap(\.self).joined(separator: "; ")
    }

    public var errorDescription: String? { description }

    private static func summary(_ kind: String, _ names: [String]) -> String? {
        guard !names.isEmpty else { return nil }
        let more = names.count > 3 ? " and \(names.count - 3) more" : ""
        return "\(names.count) \(kind): \(names.prefix(3).joined(separator: ", "))\(more)"
    }
}

extension WeightDictionary {
    /// Checks that the dictionary holds the parameters of a network, all of them, in their shapes, and
    /// nothing else.
    public func check(against expected: [ParameterSpecification]) throws(ParameterMismatch) {
        var mismatch = ParameterMismatch()
        var known: Set<String> = []
        for parameter in expected {
            known.insert(parameter.key)
            let mayBeMissing = parameter.isOptional || ParameterSpecification.isTrainingCounter(parameter.key)
            if let tensor = self[parameter.key] {
                if tensor.shape != parameter.shape {
                    mismatch.misshapen.append(
                        .init(key: parameter.key, expected: parameter.shape, found: tensor.shape))
                }
            } else if !mayBeMissing {
                mismatch.missing.append(parameter.key)
            }
        }
        mismatch.extra = keys.filter { !known.contains($0) && !ParameterSpecification.isTrainingCounter($0) }
        if !mismatch.isEmpty { throw mismatch }
    }
}
