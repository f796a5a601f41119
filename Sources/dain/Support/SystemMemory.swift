import Foundation

/// How much memory the machine can give to this process.
enum SystemMemory {
    /// Bytes that are free now without taking from others, or the whole memory where the system does not tell.
    ///
    /// On Linux what `/proc/meminfo` calls available, and no more than the limit of the control group that the process runs in
    /// (a container, a job of a farm) leaves.
    static var available: Int {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        #if os(Linux)
            let free = text("/proc/meminfo").flatMap(availableBytes(meminfo:)) ?? physical
            guard let limit = text("/sys/fs/cgroup/memory.max").flatMap({ Int($0) }),
                let used = text("/sys/fs/cgroup/memory.current").flatMap({ Int($0) })
            else { return min(free, physical) }
            return min(free, physical, max(0, limit - used))
        #else
            return physical
        #endif
    }

    /// What `--max-memory` is where it is not given: the rest is for other programs, and for what no plan foresees.
    static var safePart: Int { available / 5 * 4 }

    private static func availableBytes(meminfo: String) -> Int? {
        for line in meminfo.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        return nil
    }

    /// nil where there is no such file, which then limits nothing.
    private static func text(_ path: String) -> String? {
        do {
            return try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(
                in: .whitespacesAndNewlines)
        } catch { return nil }
    }
}
