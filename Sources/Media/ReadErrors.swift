import CFFmpeg
import Synchronization

/// What a file's demuxer and decoder complained about, as FFmpeg logged it.
///
/// Much damage is only logged: a decoder hides it in the picture, a demuxer ends early. The contexts carry a pointer to
/// this in their `opaque`, so it must outlive them.
final class ReadErrors: Sendable {
    private let state = Mutex<(count: Int, first: String?)>((0, nil))

    var count: Int { state.withLock(\.count) }
    var first: String? { state.withLock(\.first) }

    func record(_ text: String) {
        state.withLock { state in
            state.count += 1
            state.first = state.first ?? text
        }
    }

    /// For a context's `opaque`.
    var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    /// The record that a logging context belongs to.
    static func owner(of context: UnsafeMutableRawPointer?) -> ReadErrors? {
        cffmpeg_log_owner(context).map { Unmanaged<ReadErrors>.fromOpaque($0).takeUnretainedValue() }
    }
}
