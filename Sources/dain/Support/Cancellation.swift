import Console
import Dispatch
import Logging
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A request to stop, which long work polls between its steps. Safe to use from any thread.
final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    var isCancelled: Bool { flag.load(ordering: .acquiring) }

    /// Returns whether this was the first request.
    @discardableResult
    func cancel() -> Bool { !flag.exchange(true, ordering: .acquiringAndReleasing) }

    /// Throws ``Interrupted`` once a stop was requested.
    func check() throws {
        if isCancelled { throw Interrupted() }
    }
}

/// What the process does about signals. Without a call of these functions the system's defaults hold.
enum Signals {
    /// A reader that goes away makes writes fail with EPIPE, an error like any other, instead of ending the
    /// process on the spot with its temporary files left behind.
    static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// A cancellation that the first SIGINT, SIGTERM or SIGHUP (a terminal that closes) requests; the second ends the
    /// process at once with status 130. For commands that poll it; the others keep the system's default, which ends them.
    /// A signal that was ignored at the start, as `nohup` arranges, stays ignored.
    static func cancellation(
        notice: String = "stopping; interrupt once more to end at once"
    ) -> Cancellation {
        let cancellation = Cancellation()
        for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) {
            #if canImport(Darwin)
                // kqueue sees signals that are ignored; on Linux libdispatch sets a handler of its own.
                signal(number, SIG_IGN)
            #endif
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                // On an ordinary thread, so that locks and allocation are allowed here.
                guard cancellation.cancel() else {
                    DiagnosticOutput.standardError.setStatus(nil)
                    _exit(ExitStatus.interrupted.rawValue)
                }
                Logger(label: "dain.signals").notice("\(notice)")
            }
            source.resume()
            sources.withLock { $0.append(UncheckedSource(source: source)) }
        }
        return cancellation
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        #if canImport(Darwin)
            let handler = action.__sigaction_u.__sa_handler
        #else
            let handler = action.__sigaction_handler.sa_handler
        #endif
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private static let queue = DispatchQueue(label: "dain.signals")
    private static let sources = Mutex<[UncheckedSource]>([])

    /// Keeps a source alive as long as the process; nothing calls it after it was resumed, which is why it
    /// may cross threads although libdispatch does not mark it Sendable.
    private struct UncheckedSource: @unchecked Sendable {
        let source: any DispatchSourceSignal
    }
}
