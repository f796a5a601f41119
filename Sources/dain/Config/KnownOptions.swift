import ArgumentParser
import Foundation

/// The options of `dain interpolate`, as its own definitions list them: what a configuration may set.
struct KnownOptions {
    struct Option {
        /// All long names; the first is the one to use.
        var names: [String]
        var takesValue: Bool
        var isRepeating: Bool
    }

    /// Only the command line says these: which defaults are read, and what the parser answers itself.
    private static let commandLineOnly: Set = ["config", "help", "version"]

    let all: [Option]

    /// The options that a configuration may set.
    static let ofInterpolate = KnownOptions(dump: InterpolateCommand._dumpHelp())

    /// - Parameter dump: What `--experimental-dump-help` prints for a command.
    init(dump: String) {
        do {
            let tool = try JSONDecoder().decode(Tool.self, from: Data(dump.utf8))
            let listed = (tool.command.arguments ?? []).compactMap { argument -> Option? in
                let names = (argument.names ?? []).filter { $0.kind == "long" }.map(\.name)
                guard argument.kind != "positional", let first = names.first,
                    !Self.commandLineOnly.contains(first)
                else { return nil }
                return Option(
                    names: names, takesValue: argument.kind == "option", isRepeating: argument.isRepeating)
            }
            all = Self.joined(listed)
        } catch {
            // The parser's own output of a version that the build has fixed.
            preconditionFailure("the parser lists no options: \(error)")
        }
    }

    /// With a flag and its opposite, such as `overwrite` and `no-overwrite`, as one option.
    private static func joined(_ options: [Option]) -> [Option] {
        let names = Set(options.flatMap(\.names))
        return options.compactMap { option in
            var option = option
            if option.names[0].hasPrefix("no-"), names.contains(String(option.names[0].dropFirst(3))) {
                return nil
            }
            if names.contains("no-\(option.names[0])") { option.names.append("no-\(option.names[0])") }
            return option
        }
    }

    var names: [String] { all.flatMap(\.names) }

    func option(named name: String) -> Option? { all.first { $0.names.contains(name) } }

    private struct Tool: Decodable { var command: Command }
    private struct Command: Decodable { var arguments: [Argument]? }
    private struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }
        var kind: String
        var isRepeating: Bool
        var names: [Name]?
    }
}
