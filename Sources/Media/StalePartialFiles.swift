import Foundation

/// Hidden files that a run left behind because it was ended at once.
///
/// They are those of the same result, `.NAME.PID.partial`, whose process is gone and whose lock nobody holds: on a folder that
/// several machines share, a process's number alone says nothing.
enum StalePartialFiles {
    /// Removes them as far as that is possible; what is not stays, and does no harm.
    static func remove(of name: String, in folder: String) {
        guard let directory = opendir(folder) else { return }
        var found: [String] = []
        while let entry = readdir(directory) {
            let file = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let process = process(of: file, name), isGone(process) { found.append(file) }
        }
        closedir(directory)
        for file in found where isUnlocked("\(folder)/\(file)") { unlink("\(folder)/\(file)") }
    }

    /// The number in `.NAME.PID.partial`; nil for other files.
    private static func process(of file: String, _ name: String) -> pid_t? {
        let (opening, ending) = (".\(name).", ".partial")
        guard file.hasPrefix(opening), file.hasSuffix(ending), file.count > opening.count + ending.count
        else {
            return nil
        }
        let digits = file.dropFirst(opening.count).dropLast(ending.count)
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = pid_t(digits), number > 0
        else {
            return nil
        }
        return number
    }

    private static func isGone(_ process: pid_t) -> Bool { kill(process, 0) != 0 && errno == ESRCH }

    private static func isUnlocked(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }
}
