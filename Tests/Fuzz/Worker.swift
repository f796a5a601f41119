import Foundation

/// Reads inputs in this process, and ends it where one takes too long or too much memory.
struct Worker {
    let target: any FuzzTarget
    let limits: Limits
    let scratch: Scratch
    /// Where the number of the input in hand is kept, for whoever finds this process dead.
    let state: Int32

    struct Limits {
        /// For one input.
        var seconds: Double
        /// Of the whole process, resident.
        var bytes: Int
    }

    /// How a worker ends that was not killed by a signal.
    enum Exit: Int32 {
        case done = 0
        case slow = 71
        case large = 72
        /// An error that is none for users, or takes more than a line.
        case message = 73
    }

    struct Tally: Codable {
        var (read, refused) = (0, 0)
        var (slowest, slowestInput) = (0.0, 0)
        var peak = 0
    }

    /// Reads the inputs one after another.
    func run(_ inputs: Range<Int>, of corpus: [[UInt8]], seed: UInt64) throws -> Tally {
        var tally = Tally()
        let watchdog = Watchdog(limits)
        for index in inputs {
            var number = Int64(index).littleEndian
            pwrite(state, &number, 8, 0)
            let input = target.input(index, seed: seed, of: corpus)
            watchdog.begin()
            let start = ContinuousClock.now
            do {
                try target.read(input, scratch)
                tally.read += 1
            } catch {
                tally.refused += 1
                let text = String(describing: error)
                if text.isEmpty || text.contains(where: \.isNewline) {
                    FileHandle.standardError.write(Data("message of \(type(of: error)): \(text)\n".utf8))
                    exit(Exit.message.rawValue)
                }
            }
            let seconds = start.duration(to: .now) / .seconds(1)
            if seconds > tally.slowest { (tally.slowest, tally.slowestInput) = (seconds, index) }
            watchdog.end()
            try scratch.clear()
        }
        tally.peak = Watchdog.peakMemory
        return tally
    }
}
