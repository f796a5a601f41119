import Foundation

/// The user's cache folder, as the XDG base directory specification has it.
enum CacheFolder {
    /// `dain/NAME` in `XDG_CACHE_HOME`, else in `~/.cache`; nil where there is neither.
    static func url(_ name: String) -> URL? {
        let environment = ProcessInfo.processInfo.environment
        let base: URL
        if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
            base = URL(fileURLWithPath: path)
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            base = URL(fileURLWithPath: home).appendingPathComponent(".cache")
        } else {
            return nil
        }
        return base.appendingPathComponent("dain").appendingPathComponent(name)
    }

    /// Writes a file and the folders that it lies in. A cache that cannot be written costs time, not the run.
    static func write(_ data: Data, to file: URL) {
        try? FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try? data.write(to: file, options: .atomic)
    }
}
