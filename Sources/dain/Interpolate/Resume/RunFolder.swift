import Foundation
import Media

/// The hidden folder beside an output, `.NAME.dain`, that keeps what a run has done. One process at a time works in it.
final class RunFolder {
    let path: String
    private let output: String
    private var lock: Int32 = -1

    /// Where the folder of an output lies.
    static func path(for output: String) throws -> String {
        let target = URL(fileURLWithPath: try VideoWriter.target(of: output))
        // Names of 255 bytes are the longest that file systems hold.
        var base = Substring(target.lastPathComponent)
        while base.utf8.count > 200 { base.removeLast() }
        let name = ".\(base).dain"
        return target.deletingLastPathComponent().appendingPathComponent(name).path
    }

    /// Makes the folder, unless it is there, and takes it. The system gives up the lock of a process that ends, however it
    /// ends.
    init(for output: String) throws {
        self.output = output
        path = try Self.path(for: output)
        while lock < 0 { try take() }
    }

    deinit { if lock >= 0 { close(lock) } }

    /// Tries once; without success where the process that had the folder has just removed it.
    private func take() throws {
        if mkdir(path, 0o777) == 0 {
            try DurableFile.syncFolder(of: path, subject: output)
        } else if errno != EEXIST {
            throw MediaError.outputNotWritable(path: output, code: errno)
        }
        let file = self["lock"]
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw MediaError.outputNotWritable(path: output, code: errno)
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            defer { close(descriptor) }
            throw BadUsage("\(output): \(Self.owner(descriptor)) is working on it")
        }
        var (mine, there) = (stat(), stat())
        guard fstat(descriptor, &mine) == 0, stat(file, &there) == 0, mine.st_ino == there.st_ino else {
            close(descriptor)
            return
        }
        // The number is for messages only: where it cannot be written, the lock holds all the same.
        let number = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, number, number.count, 0)
        lock = descriptor
    }

    private static func owner(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let number =
            count > 0 ? Int(String(decoding: buffer[..<count], as: UTF8.self).filter(\.isNumber)) : nil
        return number.map { "another dain (process \($0))" } ?? "another dain"
    }

    subscript(name: String) -> String { "\(path)/\(name)" }

    /// Where the result is put together.
    var joined: String { self["joined"] }

    /// Runs with other settings use other names: neither harms what the other has done.
    static func segmentName(_ index: Int, of fingerprint: Fingerprint) throws -> String {
        let digits = String(index + 1)
        let number = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        return "segment-\(try fingerprint.digest().prefix(8))-\(number)"
    }

    /// A journal and its copy, which is written behind it: of a damaged disk one may remain.
    private static let journalNames = ["journal.json", "journal.json.copy"]

    /// The journal; nil where there is none that can be read. What cannot be read is no reason to fail: work starts anew.
    func journal() -> RunJournal? { Self.journal(in: path) }

    static func journal(in path: String) -> RunJournal? {
        journalNames.lazy.compactMap { read("\(path)/\($0)") }.first
    }

    /// What is wrong with the journal, in one line; nil for a sound one, and where there was none.
    func damageOfJournal() -> String? {
        let names = Self.journalNames.map { self[$0] }
        guard Self.read(names[0]) == nil else { return nil }
        if Self.read(names[1]) != nil { return "\(names[0]) is damaged or missing, and its copy is used" }
        guard names.contains(where: { access($0, F_OK) == 0 }) else { return nil }
        return "\(names[0]) and its copy are damaged; work starts anew"
    }

    private static func read(_ path: String) -> RunJournal? {
        guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
        let journal = Result { try JSONDecoder().decode(RunJournal.self, from: bytes) }
        guard case .success(let journal) = journal, journal.version == RunJournal.currentVersion else {
            return nil
        }
        return journal
    }

    func write(_ journal: RunJournal) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(journal)
        for name in Self.journalNames { try DurableFile.replace(self[name], with: bytes, subject: output) }
    }

    /// Removes everything but the lock and what the journal lists: what a run that was ended has left half done.
    func clean(keeping journal: RunJournal?) {
        var kept: Set = ["lock"]
        if let journal { kept.formUnion(journal.segments.map(\.file) + Self.journalNames) }
        let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        // The journal and its copy go first: they must never list what is gone.
        let isJournal = { (name: String) in Self.journalNames.contains(name) }
        for name in names.filter(isJournal).sorted(by: >) + names.filter({ !isJournal($0) })
        where !kept.contains(name) && Self.isOurs(name) {
            unlink(self[name])
        }
    }

    /// Keeps nothing but the knowledge that the result is finished, where the file itself cannot carry that.
    func keepOnly(_ journal: RunJournal, bytes: Int?) throws {
        var journal = journal
        (journal.segments, journal.finishedBytes) = ([], bytes)
        try write(journal)
        clean(keeping: journal)
    }

    /// Removes the folder, unless somebody has put something into it, and gives it up.
    func remove() {
        clean(keeping: nil)
        unlink(self["lock"])
        rmdir(path)
        if lock >= 0 { close(lock) }
        lock = -1
    }

    private static func isOurs(_ name: String) -> Bool {
        name.hasPrefix("segment-") || name.hasPrefix("journal.json") || name.hasPrefix("joined")
    }
}
