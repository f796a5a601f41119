#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The most memory that this process has occupied so far, as the system counts it.
enum PeakMemory {
    static var bytes: Int {
        var usage = rusage()
        #if canImport(Glibc)
            let thisProcess = RUSAGE_SELF.rawValue
        #else
            let thisProcess = RUSAGE_SELF
        #endif
        guard getrusage(thisProcess, &usage) == 0 else { return 0 }
        #if canImport(Darwin)
            return usage.ru_maxrss
        #else
            return usage.ru_maxrss * 1024
        #endif
    }
}
