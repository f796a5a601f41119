/// Values below zero, which the parser would take for options: no option of this program is a number.
enum NegativeValues {
    /// The words with `--fps -5` as `--fps=-5`, so that whoever checks the value can say what is expected.
    static func joined(_ words: [String]) -> [String] {
        var result: [String] = []
        var isBehindOptions = false
        for word in words {
            if word == "--" { isBehindOptions = true }
            if !isBehindOptions, isNegative(word), let last = result.last, last.hasPrefix("--"),
                !last.contains("=")
            {
                result[result.count - 1] += "=\(word)"
            } else {
                result.append(word)
            }
        }
        return result
    }

    private static func isNegative(_ word: String) -> Bool {
        guard word.hasPrefix("-"), let first = word.dropFirst().first else { return false }
        return first.isASCII && first.isNumber || first == "." && word.count > 2
    }
}
