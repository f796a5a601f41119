import Foundation
import Networks
import Tensors
import Weights

/// Two frames and what the PyTorch reference computed from them; made by `scripts/reference/make_fixtures.py`, whose head
/// describes the format.
package struct ParityFixture: Sendable {
    /// A tensor of the reference: all of its values, or every `stride`th of the flattened tensor.
    package struct Expected: Sendable {
        package let name: String
        package let values: [Float]
        package let stride: Int
        package let shape: [Int]
    }

    package let name: String
    /// Both frames, `[3, H, W]` in [0, 1].
    package let frames: [[Float]]
    package let shape: Shape
    package let padding: Padding
    /// Of the weights by formula that the reference had.
    package let seed: UInt64
    /// Everything but the frames, in the order of the file.
    package let expected: [Expected]
    /// The times of the new frames, as the entries' names state them.
    package let times: [String]

    /// Throws what is wrong with a file that does not hold what the format says.
    package init(path: String) throws {
        let dictionary = try WeightDictionary(path: path)
        let metadata = dictionary.metadata
        func fail(_ problem: String) -> ParityError { ParityError("\(path): \(problem)") }

        name = URL(fileURLWithPath: path).lastPathComponent
        let images = try Self.frameNames.map { name in
            guard let tensor = dictionary[name] else { throw fail("has no entry \(name)") }
            return tensor
        }
        let sides = images[0].shape
        guard sides.count == 3, sides[0] == 3, sides.allSatisfy({ (1...16384).contains($0) }),
            images[1].shape == sides
        else { throw fail("frame0 and frame1 must be [3, H, W], of one size") }
        shape = Shape(channels: 3, height: sides[1], width: sides[2])
        frames = images.map { $0.elementType == .uint8 ? $0.floats().map { $0 / 255 } : $0.floats() }

        let schemes = ["demo-128": Padding.Scheme.publishedDemo, "centred-64": .nextMultiple]
        guard let scheme = schemes[metadata["padding"] ?? "centred-64"] else {
            throw fail("its padding is none of \(schemes.keys.sorted().joined(separator: ", "))")
        }
        padding = Padding(width: shape.width, height: shape.height, scheme: scheme)
        guard let seed = UInt64(metadata["seed"] ?? "1") else { throw fail("its seed is no number") }
        self.seed = seed

        expected = try dictionary.keys.filter { !Self.frameNames.contains($0) }.map { name in
            guard let tensor = dictionary[name] else { throw fail("has no entry \(name)") }
            let stride = Int(metadata["stride:\(name)"] ?? "1") ?? 0
            let shape = metadata["shape:\(name)"]?.split(separator: ",").map { Int($0) ?? 0 } ?? tensor.shape
            var count: Int? = 1
            for side in shape {
                count = count.flatMap { side > 0 ? $0.multipliedReportingOverflow(by: side) : nil }
                    .flatMap { $0.overflow ? nil : $0.partialValue }
            }
            guard let count, stride > 0, tensor.count == (count - 1) / stride + 1 else {
                throw fail("entry \(name) has not as many elements as its shape and stride say")
            }
            return Expected(name: name, values: tensor.floats(), stride: stride, shape: shape)
        }
        times = expected.filter { $0.name.hasPrefix("output_t") }.map { String($0.name.dropFirst(8)) }
            .sorted()
        for time in times {
            guard let t = Float(time), t > 0, t < 1 else {
                throw fail("the time \(time) is not between 0 and 1")
            }
        }
        guard !times.isEmpty else { throw fail("has no entry output_t…") }
    }

    private static let frameNames = ["frame0", "frame1"]

    /// How far each entry is from what was computed. Throws where an entry was not computed, or has another size.
    package func agreements(with computed: [String: [Float]]) throws -> [Agreement] {
        try expected.map { entry in
            guard let values = computed[entry.name] else {
                throw ParityError("\(name): nothing computes an entry \(entry.name)")
            }
            let count = entry.shape.reduce(1, *)
            guard values.count == count else {
                throw ParityError(
                    "\(name): entry \(entry.name) has \(count) elements, computed were \(values.count)")
            }
            return Agreement(entry.name, expected: entry.values, stride: entry.stride, computed: values)
        }
    }
}

/// What is wrong with a file of expected values, in a line.
package struct ParityError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
