import Console
import Logging
import Synchronization
import Testing

struct SingleLineTests {
    @Test(arguments: [
        ("plain text", "plain text"), ("two\nlines", "two lines"), ("a\r\n\tb", "a b"), ("ends\n", "ends"),
        ("\n\nbegins", "begins"), ("spaced \n out", "spaced  out"), ("red\u{1B}[31m", #"red\u{1B}[31m"#),
        ("\u{7}bell", #"\u{7}bell"#), ("naïve – 映画.mkv", "naïve – 映画.mkv"), ("", ""), ("\u{2028}", ""),
        ("a\u{85}b", #"a\u{85}b"#),
    ])
    func keepsOneLineSafeForTerminals(text: String, expected: String) {
        #expect(text.singleLine == expected)
    }
}

struct DiagnosticLogHandlerTests {
    /// The lines that a logger of this level prints.
    private func lines(level: Logger.Level, _ log: (Logger) -> Void) -> [String] {
        let lines = Captured()
        let output = DiagnosticOutput { text in lines.append(text) }
        log(Logger(label: "test") { _ in DiagnosticLogHandler(level: level, output: output) })
        return lines.all
    }

    private final class Captured: Sendable {
        private let texts = Mutex<[String]>([])
        func append(_ text: String) { texts.withLock { $0.append(text) } }
        var all: [String] { texts.withLock { $0 } }
    }

    @Test func eachMessageIsOneLineWithItsLevel() {
        let lines = lines(level: .debug) { log in
            log.trace("below the level")
            log.debug("found it")
            log.info("a fact")
            log.notice("worth\nknowing")
            log.warning("dropped a stream", metadata: ["stream": "3", "codec": "mov_text"])
            log.error("failed")
        }
        #expect(
            lines == [
                "dain: debug: found it\n", "dain: note: a fact\n", "dain: note: worth knowing\n",
                "dain: warning: dropped a stream (codec: mov_text, stream: 3)\n", "dain: error: failed\n",
            ])
    }

    @Test func quietKeepsWarnings() {
        let lines = lines(level: .warning) { log in
            log.notice("a note")
            log.warning("a warning")
        }
        #expect(lines == ["dain: warning: a warning\n"])
    }
}
