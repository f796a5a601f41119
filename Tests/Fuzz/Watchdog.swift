import Foundation
import Synchronization

/// Looks at time and memory from a thread of its own, and ends the process where an input takes too much of either.
///
/// On a busy machine a process waits for others: what counts is that it was at work for so long, or has done nothing for
/// several times as long.
final class Watchdog: Sendable {
    private let limits: Worker.Limits
    /// When the input in hand was begun, in nanoseconds of the clock and of this process's work; zeros between inputs.
    private let start = Mutex<(clock: UInt64, work: UInt64)>((0, 0))
    /// After so many times the limit it does not matter what the process was waiting for.
    static let patience = 6.0

    init(_ limits: Worker.Limits) {
        self.limits = limits
        Thread { [self] in
            while true {
                check()
                Thread.sleep(forTimeInterval: 0.02)
            }
        }.start()
    }

    func begin() { start.withLock { $0 = (Self.now(CLOCK_MONOTONIC), Self.now(CLOCK_PROCESS_CPUTIME_ID)) } }

    func end() {
        check()
        start.withLock { $0 = (0, 0) }
    }

    private func check() {
        let begun = start.withLock(\.self)
        if begun.clock > 0 {
            let clock = Double(Self.now(CLOCK_MONOTONIC) - begun.clock) * 1e-9
            let work = Double(Self.now(CLOCK_PROCESS_CPUTIME_ID) - begun.work) * 1e-9
            if min(clock, work) > limits.seconds || clock > Self.patience * limits.seconds {
                _exit(Worker.Exit.slow.rawValue)
            }
        }
        if Self.peakMemory > limits.bytes { _exit(Worker.Exit.large.rawValue) }
    }

    private static func now(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The most memory that this process has occupied, in bytes.
    static var peakMemory: Int {
        #if os(Linux)
            // The count of getrusage begins with that of the process that started this one.
            guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
                let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
                let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
            else { return 0 }
            return kibibytes * 1024
        #else
            var usage = rusage()
            return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0
        #endif
    }
}
