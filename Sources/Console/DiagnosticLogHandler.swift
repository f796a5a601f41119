import Logging

/// Prints log messages as single lines such as `dain: warning: …`, with any metadata in brackets after them.
public struct DiagnosticLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let output: DiagnosticOutput

    public init(level: Logger.Level, output: DiagnosticOutput = .standardError) {
        self.logLevel = level
        self.output = output
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var facts = metadata
        if let provided = metadataProvider?.get() { facts.merge(provided) { $1 } }
        if let own = event.metadata { facts.merge(own) { $1 } }
        var line = "\(programName): \(Self.label(for: event.level)): \(event.message)"
        if !facts.isEmpty {
            let pairs = facts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            line += " (" + pairs.joined(separator: ", ") + ")"
        }
        output.printLine(line.singleLine)
    }

    private static func label(for level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "debug"
        case .info, .notice: "note"
        case .warning: "warning"
        case .error, .critical: "error"
        }
    }
}
