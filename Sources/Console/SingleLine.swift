extension StringProtocol {
    /// The text as one line that is safe to print on a terminal: line breaks and tabs become single spaces,
    /// and other control characters (a file name may hold any) become `\u{1B}`-like escapes.
    public var singleLine: String {
        var line = ""
        var pendingSpace = false
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .lineSeparator, .paragraphSeparator:
                pendingSpace = true
            case .control where scalar == "\n" || scalar == "\r" || scalar == "\t":
                pendingSpace = true
            default:
                if pendingSpace, !line.isEmpty, line.last != " ", scalar != " " { line.append(" ") }
                pendingSpace = false
                if scalar.properties.generalCategory == .control {
                    line += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
                } else {
                    line.unicodeScalars.append(scalar)
                }
            }
        }
        return line
    }
}
