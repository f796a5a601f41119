import CFFmpeg
import Foundation
import Media
import Testing

/// What the input has besides pixels, in the output: both files as libavformat reads them.
@Suite struct StreamCopyTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func convert(_ clip: String, to ending: String) throws -> (
        input: MediaFile, output: MediaFile, notes: [String]
    ) {
        let output = scratch.path("out.\(ending)")
        let notes = try Conversion().run(Clip.path(clip), to: output)
        return (try MediaFile(Clip.path(clip)), try MediaFile(output), notes)
    }

    private func sound(_ file: MediaFile) -> [MediaFile.Stream] {
        file.streams.filter { $0.type == AVMEDIA_TYPE_AUDIO }
    }

    @Test(arguments: ["av.mp4", "offset.mp4", "big-buck-bunny.mp4"])
    func soundOfMP4IsTheSameInMP4(_ clip: String) throws {
        let (input, output, _) = try convert(clip, to: "mp4")
        #expect(!sound(input).isEmpty)
        for (a, b) in zip(sound(input), sound(output)) {
            #expect(a.timeBase == b.timeBase)
            #expect(a.packets == b.packets)
            #expect(a.extradata == b.extradata)
        }
        #expect(sound(input).count == sound(output).count)
    }

    @Test(arguments: [
        ("av.mp4", "mkv"), ("offset.mp4", "mkv"), ("late-audio.mkv", "mkv"), ("late-audio.mkv", "mp4"),
        ("attachments.mkv", "mkv"), ("attachments.mkv", "mp4"), ("av.mp4", "mov"),
    ])
    func soundIsByteIdenticalAndInSync(_ clip: String, _ ending: String) throws {
        let (input, output, _) = try convert(clip, to: ending)
        let (before, after) = (sound(input), sound(output))
        #expect(before.count == after.count)
        // Matroska holds no times below zero: all streams move together then.
        let shift = output.streams[0].start - input.streams[0].start
        // The same time in ticks of two lengths differs in the last bit of a double.
        #expect(shift > -1e-15 && shift < 0.03)
        for (a, b) in zip(before, after) {
            #expect(a.packets.map(\.bytes) == b.packets.map(\.bytes))
            for (p, q) in zip(a.packets, b.packets) {
                let difference = Double(q.pts) * b.timeBase - Double(p.pts) * a.timeBase - shift
                #expect(abs(difference) <= 0.001 + max(a.timeBase, b.timeBase))
            }
            // MP4 states a length without the encoder's delay, Matroska none.
            if (a.statedLength == nil) == (b.statedLength == nil) {
                #expect(abs(a.length - b.length) <= 0.002)
            }
        }
    }

    @Test func streamsKeepTheirOrderLanguagesTitlesAndDispositions() throws {
        let (input, output, notes) = try convert("attachments.mkv", to: "mkv")
        #expect(notes.isEmpty)
        #expect(output.streams.map(\.type.rawValue) == input.streams.map(\.type.rawValue))
        #expect(output.streams.dropFirst().map(\.codec) == input.streams.dropFirst().map(\.codec))
        #expect(output.streams.map(\.disposition) == input.streams.map(\.disposition))
        for (a, b) in zip(input.streams, output.streams) {
            for key in ["language", "title", "filename", "mimetype"] {
                #expect(a.metadata[key] == b.metadata[key], "\(key) of \(a.codec)")
            }
        }
        // The font, and the cover, which is an attachment again.
        #expect(output.streams[4].extradata == input.streams[4].extradata)
        #expect(output.streams[5].packets.map(\.bytes) == input.streams[5].packets.map(\.bytes))
        #expect(output.streams[5].disposition & AV_DISPOSITION_ATTACHED_PIC != 0)
        #expect(output.streams[3].packets == input.streams[3].packets)
    }

    @Test func theCoverIsAPictureStreamInMP4AndAnAttachmentInMatroska() throws {
        let (input, mp4, _) = try convert("attachments.mkv", to: "mp4")
        let cover = try #require(mp4.streams.first { $0.disposition & AV_DISPOSITION_ATTACHED_PIC != 0 })
        #expect(cover.packets.map(\.bytes) == input.streams[5].packets.map(\.bytes))
        let again = scratch.path("again.mkv")
        let notes = try Conversion().run(scratch.path("out.mp4"), to: again)
        #expect(notes.isEmpty)
        let attached = try #require(
            try MediaFile(again).streams.first { $0.disposition & AV_DISPOSITION_ATTACHED_PIC != 0 })
        #expect(attached.packets.map(\.bytes) == cover.packets.map(\.bytes))
        #expect(attached.metadata["filename"] == "cover.png")
        #expect(attached.metadata["mimetype"] == "image/png")
    }

    @Test(arguments: ["mp4", "mkv", "mov"])
    func chaptersAndMetadataAreKept(_ ending: String) throws {
        let (input, output, _) = try convert("av.mp4", to: ending)
        #expect(input.chapters.count == 2)
        #expect(output.chapters == input.chapters)
        #expect(output.metadata["title"] == "A synthetic clip")
        // MP4's track of chapter titles is made anew from the chapters, once.
        #expect(output.streams.filter { $0.type == AVMEDIA_TYPE_DATA }.count == (ending == "mkv" ? 0 : 1))
    }

    @Test func textSubtitlesOfMP4AreKept() throws {
        let (input, output, _) = try convert("av.mp4", to: "mp4")
        let (a, b) = (input.streams[2], output.streams[2])
        #expect(a.codec == "mov_text" && b.codec == "mov_text")
        #expect(b.metadata["language"] == "eng")
        #expect(a.packets == b.packets)
    }

    @Test(arguments: ["mp4", "mov"]) func rotationAndPixelShapeAreKept(_ ending: String) throws {
        let (input, output, notes) = try convert("rotated.mp4", to: ending)
        let type = AV_PKT_DATA_DISPLAYMATRIX.rawValue
        let matrix = try #require(input.streams[0].sideData[type])
        #expect(output.streams[0].sideData[type] == matrix)
        #expect(output.streams[0].parameters.aspect == 4.0 / 3)
        #expect(notes.isEmpty)
    }

    @Test func rotationIsKeptOrMissedInMatroska() throws {
        let (input, output, notes) = try convert("rotated.mp4", to: "mkv")
        let type = AV_PKT_DATA_DISPLAYMATRIX.rawValue
        #expect(output.streams[0].parameters.aspect == 4.0 / 3)
        if cffmpeg_matroska_holds_rotation() {
            #expect(output.streams[0].sideData[type] == input.streams[0].sideData[type])
        } else {
            #expect(notes.contains { $0.contains("matroska") && $0.contains("turned") })
        }
    }

    @Test(arguments: [("mkv", nil), ("mkv", "ffv1"), ("mp4", nil)] as [(String, String?)])
    func coloursAndLightLevelsAreKept(_ ending: String, _ codec: String?) throws {
        let output = scratch.path("out.\(ending)")
        try Conversion(settings: EncoderSettings(codec: codec)).run(Clip.path("ten-bit.mkv"), to: output)
        let (a, b) = (try MediaFile(Clip.path("ten-bit.mkv")).streams[0], try MediaFile(output).streams[0])
        #expect(b.parameters == a.parameters)
        #expect(b.parameters.format == "yuv420p10le" && b.parameters.transfer == AVCOL_TRC_SMPTE2084.rawValue)
        let light = AV_PKT_DATA_CONTENT_LIGHT_LEVEL.rawValue
        #expect(a.sideData[light] != nil && b.sideData[light] == a.sideData[light])
        let display = AV_PKT_DATA_MASTERING_DISPLAY_METADATA.rawValue
        #expect(a.sideData[display] != nil && b.sideData[display]?.count == a.sideData[display]?.count)
        if ending == "mkv" { #expect(b.sideData[display] == a.sideData[display]) }
    }

    @Test(arguments: [
        ("av.mp4", "webm", ["audio stream 1 (aac)", "subtitle stream 2 (mov_text)"]),
        ("av.mp4", "avi", ["subtitle stream 2 (mov_text)"]),
        ("av.mp4", "mkv", ["subtitle stream 2 (mov_text)"]),
        ("attachments.mkv", "mp4", ["subtitle stream 3 (subrip)", "attachment stream 4 (ttf)"]),
        (
            "attachments.mkv", "mov",
            [
                "audio stream 2 (flac)", "subtitle stream 3 (subrip)", "attachment stream 4 (ttf)",
                "video stream 5 (png)",
            ]
        ),
        (
            "attachments.mkv", "ts",
            [
                "audio stream 2 (flac)", "subtitle stream 3 (subrip)", "attachment stream 4 (ttf)",
                "video stream 5 (png)",
            ]
        ),
        ("av.mp4", "ogv", ["audio stream 1 (aac)", "subtitle stream 2 (mov_text)"]),
    ])
    func whatAContainerCannotHoldIsNamed(_ clip: String, _ ending: String, _ streams: [String]) throws {
        let (input, output, notes) = try convert(clip, to: ending)
        let dropped = notes.filter { $0.contains(" is dropped: container ") }
        #expect(dropped.count == streams.count)
        for (note, stream) in zip(dropped, streams) { #expect(note.hasPrefix(stream), "\(note)") }
        // MP4's track of chapter titles comes and goes with the chapters.
        let kept = output.streams.count { $0.type != AVMEDIA_TYPE_DATA }
        let carried = input.streams.count { $0.type != AVMEDIA_TYPE_DATA }
        #expect(kept == carried - streams.count)
    }

    @Test(arguments: ["av.mp4", "attachments.mkv", "late-audio.mkv", "big-buck-bunny.mp4"], ["mp4", "mkv"])
    func streamsLastAsLongAsBefore(_ clip: String, _ ending: String) throws {
        let (input, output, _) = try convert(clip, to: ending)
        #expect(abs(output.streams[0].length - input.streams[0].length) <= 0.0015)
        // Sound that begins before zero moves the whole file in Matroska.
        #expect(abs(output.duration - input.duration) <= 0.0225)
    }
}
