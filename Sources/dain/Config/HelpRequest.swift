import ArgumentParser

/// `dain help COMMAND`. The parser answers with its general help where it knows no such command.
enum HelpRequest {
    /// Throws where the words ask for help on a command that there is not.
    static func check(_ words: [String]) throws {
        guard words.first == "help" else { return }
        var commands = Dain.configuration.subcommands
        for word in words.dropFirst().prefix(while: { !$0.hasPrefix("-") }) {
            guard let command = commands.first(where: { $0.configuration.commandName == word }) else {
                let names = commands.compactMap { $0.configuration.commandName }
                throw BadUsage("no command is called '\(word)'\(NearestName.hint(word, among: names))")
            }
            commands = command.configuration.subcommands
        }
    }
}
