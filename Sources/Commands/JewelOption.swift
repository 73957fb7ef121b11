import ArgumentParser
import PolicyModel

/// Which workloads are worth most to an intruder.
struct JewelOption: ParsableArguments {
    @Option(help: ArgumentHelp("Who is a crown jewel, by labels.", valueName: "selector"))
    var jewels = "crown-jewel exists"

    /// The selector, or a `CommandError` when the text is none.
    func selector() throws -> Selector {
        do {
            return try Selector(parsing: jewels)
        } catch {
            throw CommandError("expected a selector such as `role = vault` for --jewels, got `\(jewels)`")
        }
    }
}
