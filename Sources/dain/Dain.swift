import ArgumentParser

@main
struct Dain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dain", abstract: "Interpolates video frames with depth and flow.")
}
