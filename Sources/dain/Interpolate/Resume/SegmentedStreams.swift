import Interpolation
import Media
import Pixels
import Synchronization
import Timing

/// When the input frames are shown at which segments may end: every so many.
///
/// The reader's thread adds them, ahead of the frames of the result that are made from there on; the writer's takes them.
final class SegmentBoundaries: Sendable {
    private let times = Mutex<[Rational]>([])

    func add(_ time: Rational) { times.withLock { $0.append(time) } }

    /// Forgets those that are not behind a time.
    func pass(_ time: Rational) { times.withLock { $0.removeAll { $0 <= time } } }

    /// Whether one was reached.
    func isReached(by time: Rational) -> Bool { times.withLock { $0.contains { $0 <= time } } }
}

/// The pictures of a reader, whose every so manieth may begin a segment.
///
/// Sendable without checks: the pipeline reads from one thread.
final class SegmentedSource: FrameSource, @unchecked Sendable {
    private let source: ReaderSource
    private let boundaries: SegmentBoundaries
    private let length: Int
    private var index = 0

    init(_ source: ReaderSource, every length: Int, _ boundaries: SegmentBoundaries) {
        (self.source, self.length, self.boundaries) = (source, length, boundaries)
    }

    func next() throws -> TimedPicture<VideoFrame>? {
        guard let picture = try source.next() else { return nil }
        if index % length == 0 { boundaries.add(picture.time.time) }
        index += 1
        return picture
    }
}

/// Converts as ``FrameConverter`` does, and tells its caller's thread which pictures are new.
///
/// Sendable without checks: the writer's thread alone makes pictures and hands them on.
final class CountingConverter: PictureConverter, @unchecked Sendable {
    private let converter = FrameConverter()
    private(set) var newPictures = 0

    func image(of picture: VideoFrame) throws -> RGBImage { try converter.image(of: picture) }

    func picture(showing image: RGBImage, between first: VideoFrame, and second: VideoFrame, at t: Float)
        throws -> VideoFrame
    {
        newPictures += 1
        return try converter.picture(showing: image, between: first, and: second, at: t)
    }

    func samples(of picture: VideoFrame) -> SamplePlanes? { converter.samples(of: picture) }

    func picture(holding samples: SamplePlanes, like model: VideoFrame) throws -> VideoFrame {
        newPictures += 1
        return try converter.picture(holding: samples, like: model)
    }
}

/// The pipeline's end that writes segments, and a journal of them.
///
/// Sendable without checks: one thread writes, and the rest is read when that has ended.
final class SegmentSink: FrameSink, @unchecked Sendable {
    private let writer: SegmentWriter
    private let folder: RunFolder
    private let boundaries: SegmentBoundaries
    private let converter: CountingConverter
    private let cancellation: Cancellation
    /// Where the result's clock begins.
    private let start: Rational
    private(set) var journal: RunJournal
    /// The segment that is being written.
    private var current: Opened?
    private var newPicturesBefore = 0
    private let within = Atomic(false)

    private struct Opened {
        var file: String
        var frames = 0
        var newFrames = 0
        var end = Rational.zero
    }

    init(
        _ writer: SegmentWriter, _ folder: RunFolder, _ journal: RunJournal, _ boundaries: SegmentBoundaries,
        _ converter: CountingConverter, start: Rational, _ cancellation: Cancellation
    ) {
        (self.writer, self.folder, self.journal) = (writer, folder, journal)
        (self.boundaries, self.converter, self.start) = (boundaries, converter, start)
        self.cancellation = cancellation
    }

    /// Two key frames in succession would need different numbers, which encoders that begin anew do not give them.
    private static let fewestFrames = 2

    func write(_ picture: VideoFrame, at time: Rational, duration: Rational) throws {
        if let current, current.frames >= Self.fewestFrames, boundaries.isReached(by: time) {
            try endSegment(next: time)
        }
        var segment = try current ?? begin(at: time)
        try writer.write(picture, at: time - start, duration: duration)
        segment.frames += 1
        segment.newFrames += converter.newPictures - newPicturesBefore
        newPicturesBefore = converter.newPictures
        segment.end = time - start + duration
        current = segment
    }

    /// Ends the last segment, at the end of the input.
    func finish() throws {
        journal.isRendered = true
        if current != nil { try endSegment(next: nil) } else { try folder.write(journal) }
    }

    private func begin(at time: Rational) throws -> Opened {
        // Between segments nothing is lost.
        try cancellation.check()
        boundaries.pass(time)
        let file = try RunFolder.segmentName(journal.segments.count, of: journal.fingerprint)
        let last = journal.segments.last?.video
        try writer.begin(folder[file], after: last?.lastTimestamp)
        within.store(true, ordering: .releasing)
        return Opened(file: file)
    }

    private func endSegment(next: Rational?) throws {
        guard let segment = current, let video = try writer.end() else { return }
        journal.segments.append(
            RunJournal.Segment(
                file: segment.file, video: video, frames: segment.frames, newFrames: segment.newFrames,
                end: RunJournal.ExactTime(segment.end), next: next.map(RunJournal.ExactTime.init)))
        current = nil
        within.store(false, ordering: .releasing)
        try folder.write(journal)
        // What was done with other settings is worth more than nothing, and less than this.
        if journal.segments.count == 1 { folder.clean(keeping: journal) }
    }

    /// Whether frames of a segment were taken that is not complete. May be asked from any thread.
    var isWithinSegment: Bool { within.load(ordering: .acquiring) }
}
