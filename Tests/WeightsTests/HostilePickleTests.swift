import Foundation
import Testing
import Weights

/// Pickles that would run a command, exhaust memory or overflow the stack of a reader that trusts them.
@Suite("Refusing hostile pickles", .serialized)
struct HostilePickleTests {
    /// What the payloads would create.
    static let marker = "/tmp/dain-pickle-payload-ran"

    /// A legacy checkpoint around one pickle; `storages` is the list of their keys and what follows it.
    static func legacy(_ pickle: [UInt8], storages: [UInt8] = [0x80, 0x02, 0x5d, 0x2e]) throws -> [UInt8] {
        let sound = try Fixture.bytes("tiny-legacy.pth")
        // The object's pickle is the fourth; its EMPTY_DICT follows the third one's STOP.
        let system = try #require(sound.firstRange(of: [UInt8]("type_sizes".utf8)))
        let object =
            try #require(sound[system.upperBound...].firstRange(of: [0x2e, 0x80, 0x02])).lowerBound + 1
        return sound[..<object] + pickle + storages
    }

    static func reason(_ name: String) throws -> WeightFileError.Reason? {
        failure(try legacy(Fixture.bytes("hostile/\(name).pkl")))
    }

    private static func bytes(_ byte: UInt8, _ count: Int) -> [UInt8] {
        [UInt8](repeating: byte, count: count)
    }

    /// Lists, tuples, marks and dictionaries within one another.
    private static let nestedPickles: [String: [UInt8]] = {
        let lists = bytes(0x5d, 400_000) + bytes(0x61, 399_999)
        let tuples = [0x29] + bytes(0x85, 900_000)
        let marks = bytes(0x28, 400_000) + bytes(0x74, 400_000)
        let keyAndDictionary: [UInt8] = [0x58, 0, 0, 0, 0, 0x7d]
        let nested = [[UInt8]](repeating: keyAndDictionary, count: 200_000).flatMap(\.self)
        let dictionaries = [0x7d] + nested + bytes(0x73, 200_000)
        return ["lists": lists, "tuples": tuples, "marks": marks, "dictionaries": dictionaries]
    }()

    private func expectNothingRan() {
        #expect(!FileManager.default.fileExists(atPath: Self.marker), "a payload was run")
    }

    @Test(
        "Functions and classes other than those of tensors are refused by name",
        arguments: [
            ("reduce-system", "posix.system"), ("reduce-system-protocol4", "posix.system"),
            ("reduce-eval", "__builtin__.eval"), ("nested-loads", "_pickle.loads"),
            ("load-from-bytes", "torch.storage._load_from_bytes"),
            ("untyped-storage", "torch.storage.UntypedStorage"), ("getattr", "__builtin__.getattr"),
            ("dotted-name", "torch.serialization.os.system"), ("newobj", "subprocess.Popen"),
            ("obj", "os.system"),
        ])
    func globals(file: String, name: String) throws {
        guard case .refusedGlobal(name, let offset)? = try Self.reason(file) else {
            Issue.record("\(file): \(String(describing: try Self.reason(file)))")
            return
        }
        #expect(offset > 0)
        expectNothingRan()
    }

    @Test(
        "Operations that tensors do not need are refused by name",
        arguments: [
            ("inst", "INST"), ("newobj-allowed-class", "NEWOBJ"), ("extension-1", "EXT1"),
            ("extension-2", "EXT2"), ("extension-4", "EXT4"), ("persistent-text", "PERSID"),
            ("build-on-tensor-class", "BUILD of something else than a dictionary"),
            ("build-with-tuple", "BUILD of something else than a dictionary"),
            ("call-storage-class", "REDUCE of a storage class"),
            ("ordered-dict-arguments", "an OrderedDict built from arguments"), ("protocol-0", "DICT"),
        ])
    func operations(file: String, name: String) throws {
        guard case .refusedOperation(let found, _)? = try Self.reason(file) else {
            Issue.record("\(file): \(String(describing: try Self.reason(file)))")
            return
        }
        #expect(found == name)
        expectNothingRan()
    }

    @Test("A refusal says where: the offset is that of the opcode in the file")
    func offset() throws {
        let file = try Self.legacy(Fixture.bytes("hostile/inst.pkl"))
        guard case .refusedOperation(_, let offset)? = failure(file) else {
            Issue.record("accepted")
            return
        }
        #expect(file[offset...].starts(with: [UInt8]("ios\nsystem\n".utf8)))
    }

    @Test("A file from torch.save that would run a command is refused", arguments: ["legacy", "zip"])
    func saved(kind: String) throws {
        guard case .refusedGlobal("posix.system", _)? = failure(try Fixture.bytes("hostile-\(kind).pth"))
        else {
            Issue.record("accepted")
            return
        }
        expectNothingRan()
    }

    @Test(
        "Numbers and structures beyond the file are refused",
        arguments: [
            "memo-bomb", "memo-index", "self-containing", "huge-text", "huge-text-8", "huge-tensor",
            "overflowing-tensor", "not-a-dictionary", "not-tensors", "empty-stack",
        ])
    func structures(file: String) throws {
        // An empty dictionary under a large memo index is the one sound file among them.
        if file == "memo-index" {
            #expect(try read(Self.legacy(Fixture.bytes("hostile/memo-index.pkl"))).keys == [])
        } else {
            #expect(try Self.reason(file) != nil)
        }
        expectNothingRan()
    }

    @Test(
        "Nesting as deep as the file is long neither overflows the stack nor takes long",
        arguments: nestedPickles.keys.sorted())
    func nesting(kind: String) throws {
        let body = try #require(Self.nestedPickles[kind])
        let file = try Self.legacy([0x80, 0x02] + body + [0x2e])
        let duration = ContinuousClock().measure {
            #expect(failure(file) != nil)
        }
        #expect(duration < .seconds(5))
    }

    @Test("An empty tensor may state any other sizes")
    func emptyTensorOfHugeSizes() throws {
        func text(_ string: String) -> [UInt8] { [0x8c, UInt8(string.utf8.count)] + [UInt8](string.utf8) }
        func global(_ module: String, _ name: String) -> [UInt8] { [UInt8]("c\(module)\n\(name)\n".utf8) }
        let huge: [UInt8] = [0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x40]
        let storage =
            [0x28] + text("storage") + global("torch", "FloatStorage") + text("0") + text("cpu") + [0x4b, 0]
        let sizes = [0x28, 0x4b, 0] + huge + huge + [0x74]
        let tensor =
            global("torch._utils", "_rebuild_tensor_v2") + [0x28] + storage + [0x74, 0x51, 0x4b, 0] + sizes
            + sizes
            + [0x89, 0x7d, 0x74, 0x52]
        let object = [0x80, 0x02, 0x7d] + text("a") + tensor + [0x73, 0x2e]
        let storages = [0x80, 0x02, 0x5d] + text("0") + [0x61, 0x2e] + [UInt8](repeating: 0, count: 8)
        let weights = try read(Self.legacy(object, storages: storages))
        #expect(weights["a"]?.shape == [0, 1 << 62, 1 << 62])
        #expect(weights["a"]?.floats() == [])
    }

    @Test("The number of operations is limited")
    func operationLimit() throws {
        let file = try Self.legacy([0x80, 0x02] + [UInt8](repeating: 0x4e, count: 2_000_000) + [0x2e])
        guard case .refusedOperation("more than 1048576 operations", _)? = failure(file) else {
            Issue.record("accepted")
            return
        }
    }
}
