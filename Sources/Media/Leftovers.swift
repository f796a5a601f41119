import CFFmpeg
import Timing

/// What an input has besides the pictures that new ones are made for, where the result holds pictures alone.
enum Leftovers {
    /// Streams, chapters, title and time code, as messages name them.
    static func names(
        in demuxer: Demuxer, besides video: UnsafeMutablePointer<AVStream>?, _ timing: CopyTiming
    ) -> [String] {
        var names: [String] = []
        for stream in demuxer.streams
        where stream != video && !Timecode.isTrack(stream) && !StreamCopy.isChapterTrack(stream, of: demuxer)
        {
            names.append(stream.name)
        }
        let chapters = chapterCount(in: demuxer, timing)
        if chapters > 0 { names.append(counted(chapters, "chapter")) }
        if let title = title(of: demuxer) { names.append("the title '\(title)'") }
        if let video, Timecode.isStated(by: video, in: demuxer) { names.append("the time code") }
        return names
    }

    /// Chapters that lie in the part which the result shows.
    static func chapterCount(in demuxer: Demuxer, _ timing: CopyTiming) -> Int {
        let source = demuxer.context.pointee
        return (0..<Int(source.nb_chapters)).count { index in
            source.chapters[index].flatMap { timing.place($0.pointee) } != nil
        }
    }

    private static func title(of demuxer: Demuxer) -> String? {
        guard let entry = av_dict_get(demuxer.context.pointee.metadata, "title", nil, 0) else { return nil }
        return FFmpeg.string(entry.pointee.value).map { title in
            let line = title.split(whereSeparator: \.isNewline).joined(separator: " ")
            return line.count > 60 ? line.prefix(59) + "…" : line
        }
    }
}

extension VideoReader {
    /// What numbered images lose of the input, in one sentence; nil where there is nothing.
    ///
    /// - Parameter timing: Which part of the input the images show.
    public func lossInImages(_ timing: CopyTiming) -> String? {
        let names = container.map { Leftovers.names(in: $0, besides: videoStream, timing) } ?? []
        return names.isEmpty ? nil : "images hold pictures alone; dropped: " + names.joined(separator: ", ")
    }
}
