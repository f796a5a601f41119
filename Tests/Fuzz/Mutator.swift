/// Damages files in the ways that readers get wrong: lengths, counts, ends, and everything else.
struct Mutator {
    /// Where changes mostly lie. Headers are small and decide most.
    enum Focus {
        case everywhere
        /// In so many bytes at the beginning and at the end, three times of four.
        case ends(Int)
    }

    /// What the format spells out: names, marks, numbers as text.
    let tokens: [[UInt8]]
    let focus: Focus
    /// Files never grow beyond this.
    let greatestLength: Int

    init(tokens: [String] = [], bytes: [[UInt8]] = [], focus: Focus = .everywhere, greatestLength: Int) {
        self.tokens = tokens.map { Array($0.utf8) } + bytes
        (self.focus, self.greatestLength) = (focus, greatestLength)
    }

    /// One of the files, changed in one to eight places, mostly in few.
    func mutate(_ corpus: [[UInt8]], using random: inout SeededGenerator) -> [UInt8] {
        var bytes = random.pick(corpus)
        var changes = 1
        while changes < 8, random.once(in: 2) { changes += 1 }
        for _ in 0..<changes { change(&bytes, corpus, using: &random) }
        if bytes.count > greatestLength { bytes.removeLast(bytes.count - greatestLength) }
        return bytes
    }

    private func change(_ bytes: inout [UInt8], _ corpus: [[UInt8]], using random: inout SeededGenerator) {
        guard !bytes.isEmpty else {
            bytes = random.pick(corpus)
            return
        }
        let place = place(in: bytes, using: &random)
        switch Int.random(in: 0..<16, using: &random) {
        case 0, 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 3, 4: putInteger(&bytes, at: place, using: &random)
        case 5, 6: editLength(&bytes, near: place, using: &random)
        case 7: addToInteger(&bytes, at: place, using: &random)
        case 8: bytes.removeLast(bytes.count - place)
        case 9: bytes.removeSubrange(place..<min(bytes.count, place + length(using: &random)))
        case 10:
            let end = min(bytes.count, place + length(using: &random))
            bytes.insert(contentsOf: bytes[place..<end], at: self.place(in: bytes, using: &random))
        case 11: splice(&bytes, at: place, with: random.pick(corpus), using: &random)
        case 12, 13:
            guard !tokens.isEmpty else { return editNumber(&bytes, using: &random) }
            putToken(&bytes, at: place, using: &random)
        case 14: editNumber(&bytes, using: &random)
        default:
            let value = random.pick([0, 0x20, 0x7f, 0x80, 0xff] as [UInt8])
            for index in place..<min(bytes.count, place + length(using: &random)) { bytes[index] = value }
        }
    }

    private func place(in bytes: [UInt8], using random: inout SeededGenerator) -> Int {
        if case .ends(let count) = focus, bytes.count > 2 * count, !random.once(in: 4) {
            let offset = Int.random(in: 0..<count, using: &random)
            return random.once(in: 3) ? bytes.count - 1 - offset : offset
        }
        return Int.random(in: bytes.indices, using: &random)
    }

    /// Mostly short.
    private func length(using random: inout SeededGenerator) -> Int {
        1 << Int.random(in: 0..<11, using: &random)
    }

    // MARK: Binary integers

    private static let widths = [1, 2, 4, 8]

    /// A number at the edge of something: of a type, of a sign, of what memory holds.
    private static let edges: [UInt64] = [
        0, 1, 2, 7, 16, 64, 127, 128, 255, 256, 1000, 4096, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x7f_ffff,
        0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff, 0x1_0000_0000, 0x7fff_ffff_ffff_fffe,
        0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0x8000_0000_0000_0001, .max,
    ]

    private func putInteger(_ bytes: inout [UInt8], at place: Int, using random: inout SeededGenerator) {
        write(random.pick(Self.edges), to: &bytes, at: place, using: &random)
    }

    private func write(
        _ value: UInt64, to bytes: inout [UInt8], at place: Int, using random: inout SeededGenerator
    ) {
        Self.store(
            value, in: &bytes, at: place, width: random.pick(Self.widths), isBig: random.once(in: 2))
    }

    private static func load(_ bytes: [UInt8], at place: Int, width: Int, isBig: Bool) -> UInt64? {
        guard place + width <= bytes.count else { return nil }
        let part = bytes[place..<place + width]
        return (isBig ? Array(part) : part.reversed()).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func store(
        _ value: UInt64, in bytes: inout [UInt8], at place: Int, width: Int, isBig: Bool
    ) {
        for index in 0..<width where place + index < bytes.count {
            let shift = 8 * (isBig ? width - 1 - index : index)
            bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(shift))
        }
    }

    private func addToInteger(_ bytes: inout [UInt8], at place: Int, using random: inout SeededGenerator) {
        let (width, isBig) = (random.pick(Self.widths), random.once(in: 2))
        guard let value = Self.load(bytes, at: place, width: width, isBig: isBig) else { return }
        let step = UInt64(Int.random(in: 1...35, using: &random))
        Self.store(
            random.once(in: 2) ? value &+ step : value &- step, in: &bytes, at: place, width: width,
            isBig: isBig)
    }

    /// Changes an integer that may be a length: not zero, and no more than what follows it.
    private func editLength(_ bytes: inout [UInt8], near place: Int, using random: inout SeededGenerator) {
        for start in place..<min(bytes.count, place + 64) {
            for width in [8, 4, 2, 1] {
                for isBig in [true, false] {
                    guard let value = Self.load(bytes, at: start, width: width, isBig: isBig), value > 0,
                        value <= UInt64(bytes.count - start)
                    else { continue }
                    let rest = UInt64(bytes.count - start - width)
                    let edited = random.pick([
                        0, value &- 1, value &+ 1, value &* 2, rest, rest &+ 1, rest &- 1, .max, .max >> 1,
                        1 << UInt64(8 * width - 1), random.pick(Self.edges),
                    ])
                    return Self.store(edited, in: &bytes, at: start, width: width, isBig: isBig)
                }
            }
        }
    }

    // MARK: Text and parts

    private static let numbers = [
        "0", "-1", "1", "2", "255", "256", "32767", "32768", "65535", "65536", "2147483647", "2147483648",
        "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615",
        "99999999999999999999999", "1e308", "1e999", "-0", "0.5", "1.0000000000000000001", "00000000001",
    ]

    /// Replaces a run of decimal digits.
    private func editNumber(_ bytes: inout [UInt8], using random: inout SeededGenerator) {
        let start = Int.random(in: bytes.indices, using: &random)
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        guard let first = bytes[start...].prefix(4096).firstIndex(where: isDigit) else { return }
        let end = bytes[first...].firstIndex { !isDigit($0) } ?? bytes.count
        bytes.replaceSubrange(first..<end, with: random.pick(Self.numbers).utf8)
    }

    private func putToken(_ bytes: inout [UInt8], at place: Int, using random: inout SeededGenerator) {
        let token = random.pick(tokens)
        if random.once(in: 2) {
            bytes.insert(contentsOf: token, at: place)
        } else {
            bytes.replaceSubrange(place..<min(bytes.count, place + token.count), with: token)
        }
    }

    private func splice(
        _ bytes: inout [UInt8], at place: Int, with other: [UInt8], using random: inout SeededGenerator
    ) {
        guard !other.isEmpty else { return }
        let start = Int.random(in: other.indices, using: &random)
        let part = other[start..<min(other.count, start + length(using: &random))]
        if random.once(in: 2) {
            bytes.replaceSubrange(place..<min(bytes.count, place + part.count), with: part)
        } else {
            bytes.insert(contentsOf: part, at: place)
        }
    }
}
