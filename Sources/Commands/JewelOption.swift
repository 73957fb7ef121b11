import ArgumentParser
import PolicyModel

/// Which workloads are worth most to an intruder.
struct JewelOption: ParsableArguments {
    @Option(help: ArgumentHelp("Who is a crown jewel, by labels.", valueName: "selector"))
    var jewels = Self.usual

    private static let usual = "crown-jewel exists"

    /// The selector, or a `CommandError` when the text is none.
    func selector() throws -> Selector {
        do {
            return try Selector(parsing: jewels)
        } catch {
            throw CommandError("expected a selector such as `role = vault` for --jewels, got `\(jewels)`")
        }
    }

    /// Says so when somebody asked for jewels and no workload is one: a misspelt label would pass for safety.
    func check(_ selector: Selector, _ policies: AskedPolicy?..., in context: CommandContext) throws {
        let workloads = policies.compactMap { $0?.workloads }.joined()
        guard jewels != Self.usual, !workloads.contains(where: { selector.matches($0.labels) }) else { return }
        try context.note(TerminalText.line("no workload fulfils `\(jewels)`, which --jewels asks for"))
    }
}
