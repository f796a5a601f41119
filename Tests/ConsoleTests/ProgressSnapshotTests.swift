import Console
import Testing

struct ProgressSnapshotTests {
    private let half = ProgressSnapshot(
        unit: "new frames", done: 12, total: 48, perSecond: 1.94, timeLeft: .seconds(18.6))

    @Test func logLine() {
        #expect(half.logLine == "12 of 48 new frames (25 %), 1.94 per second, 0:19 left")
    }

    @Test func logLineWithoutATotal() {
        let snapshot = ProgressSnapshot(unit: "frames", done: 7, total: nil, perSecond: nil, timeLeft: nil)
        #expect(snapshot.logLine == "7 frames")
        #expect(snapshot.bar(columns: 80) == "7 frames")
    }

    @Test func barFillsWithTheShareThatIsDone() {
        #expect(
            half.bar(columns: 79)
                == "[========>                        ]   25 %  12/48 new frames  1.94/s  0:19 left")
    }

    @Test func barOfAFinishedJobIsFull() {
        let snapshot = ProgressSnapshot(unit: "f", done: 4, total: 4, perSecond: nil, timeLeft: .zero)
        #expect(snapshot.bar(columns: 36) == "[=========]  100 %  4/4 f  0:00 left")
    }

    @Test(arguments: 0...120)
    func barNeverExceedsTheTerminal(columns: Int) {
        let snapshots = [
            half, ProgressSnapshot(unit: "new frames", done: 0, total: 0, perSecond: nil, timeLeft: nil),
            ProgressSnapshot(
                unit: "new frames", done: 123_456, total: 1_234_567, perSecond: 12_345.6,
                timeLeft: .seconds(360_000)),
            ProgressSnapshot(unit: "new frames", done: 99, total: nil, perSecond: 0.01, timeLeft: nil),
        ]
        for snapshot in snapshots {
            let bar = snapshot.bar(columns: columns)
            #expect(bar.count <= columns, "\(bar)")
            #expect(!bar.contains("\n"))
        }
    }

    @Test func narrowTerminalsKeepTheShare() {
        #expect(half.bar(columns: 24) == " 25 %  12/48  0:19 left")
        #expect(half.bar(columns: 14) == " 25 %  12/48")
        #expect(half.bar(columns: 6) == " 25 %")
    }

    @Test func aTotalThatWasTooLowGrows() {
        let snapshot = ProgressSnapshot(unit: "f", done: 5, total: 3, perSecond: nil, timeLeft: nil)
        #expect(snapshot.total == 5)
        #expect(snapshot.fraction == 1)
    }

    @Test(arguments: [
        (0.0, "0:00"), (0.4, "0:00"), (59.6, "1:00"), (61, "1:01"), (3599.4, "59:59"), (3600, "1:00:00"),
        (86_461, "24:01:01"), (-3, "0:00"),
    ])
    func times(seconds: Double, expected: String) {
        #expect(ProgressSnapshot.format(time: .seconds(seconds)) == expected)
    }

    @Test(arguments: [
        (0.0314, "0.031"), (0.1, "0.10"), (1.938, "1.94"), (9.996, "10.00"), (27.26, "27.3"), (240.4, "240"),
        (.infinity, "inf"),
    ])
    func rates(rate: Double, expected: String) {
        #expect(ProgressSnapshot.format(rate: rate) == expected)
    }

    @Test func summary() {
        #expect(
            ProgressSnapshot.summary(unit: "new frames", done: 47, elapsed: .seconds(24.2))
                == "47 new frames in 0:24 (1.94 per second)")
        #expect(
            ProgressSnapshot.summary(unit: "new frames", done: 0, elapsed: .zero) == "0 new frames in 0:00")
    }
}

struct RateMeterTests {
    @Test func knowsNothingBeforeTheFirstItem() {
        var meter = RateMeter(at: .seconds(5))
        #expect(meter.perSecond == nil)
        meter.record(count: 0, at: .seconds(9))
        #expect(meter.perSecond == nil)
    }

    @Test func averagesOverSlowItems() {
        var meter = RateMeter(at: .zero)
        for item in 1...5 { meter.record(count: item, at: .seconds(60 * item)) }
        #expect(meter.perSecond == 1.0 / 60)
    }

    @Test func forgetsWhatIsLongAgo() throws {
        var meter = RateMeter(at: .zero)
        for second in 1...100 { meter.record(count: second, at: .seconds(second)) }
        for second in 101...200 { meter.record(count: 100 + (second - 100) * 4, at: .seconds(second)) }
        let rate = try #require(meter.perSecond)
        #expect(abs(rate - 4) < 1e-9)
    }

    @Test func setsAsideWhatWasSlowAtFirst() throws {
        var meter = RateMeter(at: .zero)
        meter.record(count: 1, at: .seconds(15))
        meter.endWarmUp()
        // There is nothing else yet.
        #expect(meter.perSecond == 1.0 / 15)
        // What comes at once says nothing of the rest.
        var next = meter
        next.record(count: 2, at: .milliseconds(15_001))
        let rateWithNext = try #require(next.perSecond)
        #expect(abs(rateWithNext - 2 / 15.001) < 1e-9)
        for item in 1...10 { meter.record(count: 1 + item, at: .seconds(15 + item)) }
        #expect(meter.perSecond == 1)
        // What is long ago is forgotten, whatever it was.
        for second in 26...100 { meter.record(count: 11 + (second - 25) * 4, at: .seconds(second)) }
        let rate = try #require(meter.perSecond)
        #expect(abs(rate - 4) < 1e-9)
    }

    @Test func countsWhatComesFast() throws {
        var meter = RateMeter(at: .zero)
        for item in 1...10_000 { meter.record(count: item, at: .milliseconds(item)) }
        let rate = try #require(meter.perSecond)
        #expect(abs(rate - 1000) < 1e-6)
    }
}
