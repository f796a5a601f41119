import Foundation
import Testing
import Weights

/// Two frames and what the PyTorch reference computed from them; made by `scripts/reference/make_fixtures.py`.
struct ParityFixture {
    /// A tensor of the reference: all of its values, or every `stride`th of the flattened tensor.
    struct Expected {
        var name: String
        var values: [Float]
        var stride: Int
        var shape: [Int]
    }

    let name: String
    private let dictionary: WeightDictionary

    init(path: String) throws {
        name = URL(fileURLWithPath: path).lastPathComponent
        dictionary = try WeightDictionary(path: path)
    }

    var entryNames: [String] { dictionary.keys }

    var seed: UInt64 { dictionary.metadata["seed"].flatMap(UInt64.init) ?? 1 }

    func metadata(_ key: String) -> String? { dictionary.metadata[key] }

    /// A frame as `[3, H, W]` floats in [0, 1] with its size; stored as bytes or floats.
    func frame(_ name: String) throws -> (values: [Float], width: Int, height: Int) {
        let tensor = try #require(dictionary[name])
        let values = tensor.floats()
        let isBytes = tensor.elementType == .uint8
        return (isBytes ? values.map { $0 / 255 } : values, tensor.shape[2], tensor.shape[1])
    }

    func expected(_ name: String) throws -> Expected? {
        guard let tensor = dictionary[name] else { return nil }
        let stride = metadata("stride:\(name)").flatMap(Int.init) ?? 1
        let shape = try metadata("shape:\(name)").map {
            try $0.split(separator: ",").map { try #require(Int($0)) }
        }
        return Expected(name: name, values: tensor.floats(), stride: stride, shape: shape ?? tensor.shape)
    }
}
