import ArgumentParser

/// A command line with the defaults of `--config` added to it.
struct ConfiguredCommandLine {
    /// What was written.
    let original: [String]
    /// The same, and behind the command's name what the configuration adds.
    let arguments: [String]
    /// The configuration's path; nil without one.
    let file: String?
    /// What the configuration adds, with the place of each entry in it.
    private let defaults: [(place: String, words: [String])]

    /// Reads the configuration where `arguments`, without the program's name, name one.
    init(_ arguments: [String]) throws {
        original = arguments
        guard arguments.first == "interpolate", let path = try Self.configurationPath(in: arguments) else {
            (self.arguments, file, defaults) = (arguments, nil, [])
            return
        }
        file = path
        let known = KnownOptions.ofInterpolate
        let given = Self.optionNames(in: arguments, known)
        var setAside = Set(given.flatMap { [$0] + ExclusiveOptions.others(than: $0) })
        // It computes in fp32 alone.
        if Self.values(of: "device", in: arguments) == ["cpu"] { setAside.insert("precision") }
        var added: [(place: String, words: [String])] = []
        var owners: [String: String] = [:]
        for entry in try ConfigurationFile(path: path).entries {
            let (key, place) = (entry.key, "\(path):\(entry.line)")
            guard let option = known.option(named: key) else {
                let hint = NearestName.hint(key, among: known.names)
                throw BadUsage("\(place): no option is called '\(key)'\(hint)")
            }
            if let other = owners.updateValue(key, forKey: option.names[0]) {
                throw BadUsage("\(place): '\(other)' and '\(key)' are one option")
            }
            let words = try Self.words(for: key, entry.value, option, place)
            if !setAside.contains(option.names[0]) { added.append((place, words)) }
        }
        defaults = added
        self.arguments = Self.adding(added.flatMap(\.words), to: arguments)
    }

    private static func adding(_ words: [String], to arguments: [String]) -> [String] {
        arguments.prefix(1) + words + arguments.dropFirst()
    }

    /// The command. What a default of the configuration makes wrong is an error of its file, at the line of the entry where one
    /// is wrong by itself.
    func parsed() async throws -> any ParsableCommand {
        do {
            return try await Dain.asyncParseAsRoot(arguments)
        } catch {
            guard let file, Dain.exitCode(for: error) == .validationFailure,
                await Self.refusal(of: original) == nil
            else { throw error }
            let message = Dain.message(for: error)
            for entry in defaults
            where await Self.refusal(of: Self.adding(entry.words, to: original)) == message {
                throw BadUsage("\(entry.place): \(message)")
            }
            throw BadUsage("\(file): \(message)")
        }
    }

    /// What is wrong with a command line; nil where nothing is.
    private static func refusal(of arguments: [String]) async -> String? {
        do {
            _ = try await Dain.asyncParseAsRoot(arguments)
            return nil
        } catch { return Dain.message(for: error) }
    }

    /// The words of the command line that say what an entry says.
    private static func words(
        for key: String, _ value: JSONValue, _ option: KnownOptions.Option, _ place: String
    ) throws -> [String] {
        switch (value, option.takesValue) {
        case (.number(let text), true), (.text(let text), true): return ["--\(key)=\(text)"]
        case (.list(let values), true) where option.isRepeating:
            return try values.flatMap { try words(for: key, $0, option, place) }
        case (.boolean(let isOn), false):
            if isOn { return ["--\(key)"] }
            // What is switched off by another name of the same option.
            let opposite = key.hasPrefix("no-") ? String(key.dropFirst(3)) : "no-\(key)"
            return option.names.contains(opposite) ? ["--\(opposite)"] : []
        case (_, true):
            let kind = option.isRepeating ? "a text or a list of texts" : "a number or a text"
            throw BadUsage("\(place): '\(key)' takes \(kind), not \(value.kind)")
        case (_, false): throw BadUsage("\(place): '\(key)' takes true or false, not \(value.kind)")
        }
    }

    /// The first names of the options that the words hold. Values cannot be taken for options: the parser refuses those that
    /// begin like one.
    private static func optionNames(in arguments: [String], _ known: KnownOptions) -> Set<String> {
        var names: Set<String> = []
        for word in arguments.prefix(while: { $0 != "--" }) where word.hasPrefix("-") {
            if word == "-o" || word.hasPrefix("-o=") { names.insert("output") }
            guard word.hasPrefix("--") else { continue }
            let name = String(word.dropFirst(2).prefix { $0 != "=" })
            if let option = known.option(named: name) { names.insert(option.names[0]) }
        }
        return names
    }

    private static func configurationPath(in arguments: [String]) throws -> String? {
        let found = values(of: "config", in: arguments)
        if found.count > 1 { throw BadUsage("--config is given twice") }
        if found.first?.isEmpty == true { throw BadUsage("--config is empty") }
        return found.first
    }

    /// What the words give an option as `--name value` or `--name=value`. Without a value behind it the parser has its say.
    private static func values(of name: String, in arguments: [String]) -> [String] {
        let words = Array(arguments.prefix { $0 != "--" })
        return words.indices.compactMap { index in
            if words[index].hasPrefix("--\(name)=") { return String(words[index].dropFirst(name.count + 3)) }
            return words[index] == "--\(name)" && index + 1 < words.count ? words[index + 1] : nil
        }
    }
}
