import ArgumentParser

/// `dain models`: what there is to interpolate with.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List, verify and import the weights of networks.",
        discussion: """
            A model is found by its name in $DAIN_MODELS, in the folder of the executable, in \
            ../share/dain/models beside that, or in the models folder of the checkout it was built in.
            """,
        subcommands: [ModelsListCommand.self, ModelsVerifyCommand.self, ModelsImportCommand.self],
        defaultSubcommand: ModelsListCommand.self)
}
