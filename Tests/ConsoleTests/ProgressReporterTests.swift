import Console
import Synchronization
import Testing

/// What was written, and a clock that only the test moves.
private final class Recorder: Sendable {
    private let written = Mutex<[String]>([])
    private let time = Mutex<Duration>(.seconds(1000))

    var texts: [String] { written.withLock { $0 } }
    var output: DiagnosticOutput {
        DiagnosticOutput { text in self.written.withLock { $0.append(text) } }
    }
    func move(by duration: Duration) { time.withLock { $0 += duration } }
    func now() -> Duration { time.withLock { $0 } }
}

struct ProgressReporterTests {
    private let recorder = Recorder()

    private func reporter(_ style: ProgressReporter.Style, total: Int?) -> ProgressReporter {
        ProgressReporter(
            unit: "frames", total: total, style: style, output: recorder.output,
            now: { [recorder] in recorder.now() })
    }

    @Test func linesComeEveryFiveSecondsAndAtTheEnd() {
        let reporter = reporter(.lines, total: 20)
        for _ in 1...20 {
            recorder.move(by: .seconds(1))
            reporter.advance()
        }
        reporter.finish()
        reporter.finish()
        #expect(
            recorder.texts == [
                "dain: 5 of 20 frames (25 %), 1.00 per second, 0:15 left\n",
                "dain: 10 of 20 frames (50 %), 1.00 per second, 0:10 left\n",
                "dain: 15 of 20 frames (75 %), 1.00 per second, 0:05 left\n",
                "dain: 20 of 20 frames (100 %), 1.00 per second, 0:00 left\n",
                "dain: 20 frames in 0:20 (1.00 per second)\n",
            ])
    }

    @Test func quietSaysNothing() {
        let reporter = reporter(.none, total: 2)
        recorder.move(by: .seconds(60))
        reporter.advance(by: 2)
        reporter.finish()
        #expect(recorder.texts.isEmpty)
    }

    @Test func barIsRedrawnTenTimesASecondAtMostAndCleanedUp() {
        let reporter = reporter(.bar(columns: { 40 }), total: 1000)
        for _ in 1...1000 {
            recorder.move(by: .milliseconds(1))
            reporter.advance()
        }
        reporter.finish()
        let texts = recorder.texts
        #expect(texts.count == 12)  // ten bars, their removal, the summary
        #expect(texts.dropLast().allSatisfy { $0.hasPrefix("\r\u{1B}[K") && !$0.contains("\n") })
        #expect(texts[0] == "\r\u{1B}[K 10 %  100/1000  1000/s  0:01 left")
        #expect(texts[10] == "\r\u{1B}[K")
        #expect(texts[11] == "dain: 1000 frames in 0:01 (1000 per second)\n")
    }

    @Test func aReporterThatIsDroppedRemovesItsBar() {
        do {
            let reporter = reporter(.bar(columns: { 40 }), total: 10)
            recorder.move(by: .seconds(1))
            reporter.advance()
        }
        #expect(recorder.texts == ["\r\u{1B}[K 10 %  1/10 frames  1.00/s  0:09 left", "\r\u{1B}[K"])
    }

    @Test func unknownTotalBecomesKnown() {
        let reporter = reporter(.lines, total: nil)
        recorder.move(by: .seconds(5))
        reporter.update(done: 10)
        recorder.move(by: .seconds(5))
        reporter.update(done: 20, total: 40)
        #expect(
            recorder.texts == [
                "dain: 10 frames, 2.00 per second\n",
                "dain: 20 of 40 frames (50 %), 2.00 per second, 0:10 left\n",
            ])
    }

    @Test func countsFromManyThreads() async {
        let reporter = reporter(.lines, total: 8000)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<1000 { reporter.advance() } } }
        }
        recorder.move(by: .seconds(8))
        reporter.finish()
        #expect(recorder.texts == ["dain: 8000 frames in 0:08 (1000 per second)\n"])
    }
}

struct DiagnosticOutputTests {
    private let recorder = Recorder()

    @Test func linesAppearAboveTheStatus() {
        let output = recorder.output
        output.printLine("first")
        output.setStatus("50 %")
        output.setStatus("50 %")
        output.printLine("second")
        output.setStatus(nil)
        output.printError("third\nline")
        #expect(
            recorder.texts == [
                "first\n", "\r\u{1B}[K50 %", "\r\u{1B}[Ksecond\n50 %", "\r\u{1B}[K",
                "dain: error: third line\n",
            ])
    }
}
