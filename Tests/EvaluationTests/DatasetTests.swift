import Evaluation
import Foundation
import Testing

/// Which folders are benchmarks, and which files their sequences.
struct DatasetTests {
    private func dataset(_ tree: FileTree, in folder: String = "") throws -> Dataset {
        try #require(try Dataset(folder: folder.isEmpty ? tree.path : "\(tree.path)/\(folder)"))
    }

    private static func files(_ folders: [String], _ names: [String]) -> [String] {
        folders.flatMap { folder in names.map { "\(folder)/\($0).png" } }
    }

    private static let middlebury = ["frame10", "frame10i11", "frame11"]
    private static let ucf101 = ["frame_00", "frame_01_gt", "frame_02"]
    private static let vimeo = ["im1", "im2", "im3"]

    @Test func middlebury() throws {
        let tree = try FileTree(
            Self.files(["Walking", "Beanbags"], Self.middlebury + ["frame09"]) + ["README.txt"])
        let found = try dataset(tree)
        #expect(found.layout == .middlebury && found.lacking.isEmpty)
        #expect(found.sequences.map(\.name) == ["Beanbags", "Walking"])
        let beanbags = "\(tree.path)/Beanbags"
        #expect(found.sequences[0].first == "\(beanbags)/frame10.png")
        #expect(found.sequences[0].truth == "\(beanbags)/frame10i11.png")
        #expect(found.sequences[0].second == "\(beanbags)/frame11.png")
    }

    @Test func middleburyInTwoTrees() throws {
        let tree = try FileTree(
            Self.files(["other-data/Urban", "other-data/Army"], ["frame10", "frame11"])
                + Self.files(["other-gt-interp/Urban"], ["frame10i11"]))
        let found = try dataset(tree)
        #expect(found.sequences.map(\.name) == ["Urban"])
        #expect(found.sequences[0].first == "\(tree.path)/other-data/Urban/frame10.png")
        #expect(found.sequences[0].truth == "\(tree.path)/other-gt-interp/Urban/frame10i11.png")
        #expect(found.lacking == ["other-data/Army/frame10i11"])
    }

    @Test func ucf101InTheOrderOfItsNumbers() throws {
        let tree = try FileTree(
            Self.files(["1", "10", "2"], Self.ucf101 + ["frame_01_ours"]) + ["3/frame_00.png"])
        let found = try dataset(tree)
        #expect(found.layout == .ucf101)
        #expect(found.sequences.map(\.name) == ["1", "2", "10"])
        #expect(found.sequences[2].truth == "\(tree.path)/10/frame_01_gt.png")
        #expect(found.lacking == ["3/frame_02"])
    }

    @Test func vimeoByItsTestList() throws {
        let folders = ["00001/0001", "00001/0389", "00002/0001"].map { "vimeo/sequences/\($0)" }
        let tree = try FileTree(Self.files(folders, Self.vimeo))
        #expect(try dataset(tree).layout == .vimeo90k)
        #expect(try dataset(tree).sequences.map(\.name) == ["00001/0001", "00001/0389", "00002/0001"])
        try tree.write("00001/0389\r\n00002/0001\n\n", "vimeo/tri_testlist.txt")
        for folder in ["", "vimeo"] {
            let found = try dataset(tree, in: folder)
            #expect(found.sequences.map(\.name) == ["00001/0389", "00002/0001"])
            #expect(found.lacking.isEmpty)
        }
    }

    @Test func flatVimeoAndLosslessWebP() throws {
        let tree = try FileTree(["a/im1.webp", "a/im2.webp", "a/im3.webp"])
        #expect(try dataset(tree).sequences.map(\.name) == ["a"])
        #expect(try dataset(tree).sequences[0].second == "\(tree.path)/a/im3.webp")
    }

    @Test func aSingleSequence() throws {
        let tree = try FileTree(Self.files(["Walking"], Self.middlebury))
        for folder in ["Walking", "Walking/"] {
            #expect(try dataset(tree, in: folder).sequences.map(\.name) == ["Walking"])
        }
    }

    @Test func linksToSequencesCount() throws {
        let tree = try FileTree(Self.files(["all/1"], Self.ucf101) + ["some/list.txt"])
        try FileManager.default.createSymbolicLink(
            atPath: "\(tree.path)/some/first", withDestinationPath: "../all/1")
        // A circle adds nothing.
        try FileManager.default.createSymbolicLink(atPath: "\(tree.path)/some/up", withDestinationPath: ".")
        #expect(try dataset(tree, in: "some").sequences.map(\.name) == ["first"])
    }

    @Test(arguments: [
        [], ["frame1.png", "frame2.png"], ["1/frame_00.png", "1/frame_02.png"],
        ["im1.png", "im2.png", "im3.png", "im4.png"],
        ["clip/frame10.mp4"],
    ])
    func otherFoldersAreNone(_ files: [String]) throws {
        let tree = try FileTree(files)
        #expect(try Dataset(folder: tree.path) == nil)
    }

    @Test func sequencesOfOtherLayoutsAreCounted() throws {
        let tree = try FileTree(
            Self.files(["1", "2"], Self.ucf101) + Self.files(["a"], Self.vimeo)
                + Self.files(["b"], Self.middlebury))
        let found = try dataset(tree)
        #expect(found.layout == .ucf101 && found.sequences.count == 2 && found.otherwiseNamed == 2)
        #expect(try dataset(tree, in: "1").otherwiseNamed == 0)
    }

    @Test(arguments: [
        ([], nil), (["1.png", "2.png", "3.png"], nil),
        (["a/frame_00.png", "a/frame_02.png"], "a/frame_01_gt"),
        (["a/frame11.webp"], "a/frame10"), (["im1.png", "im3.png"], "im2"),
    ])
    func whatAnIncompleteFolderLacks(_ files: [String], _ expected: String?) throws {
        let tree = try FileTree(files)
        #expect(try Dataset.firstLacking(in: tree.path) == expected)
    }

    @Test func filesAndMissingPathsAreNone() throws {
        let tree = try FileTree(["clip.mp4"])
        #expect(try Dataset(folder: "\(tree.path)/clip.mp4") == nil)
        #expect(try Dataset(folder: "\(tree.path)/nowhere") == nil)
    }
}
