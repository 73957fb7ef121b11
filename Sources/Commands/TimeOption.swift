import ArgumentParser
import NetworkTypes
import PolicyFiles

/// The instant that a command judges at.
struct TimeOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The instant to judge at, such as 2026-11-22T10:00:00Z; now, unless given.", valueName: "time"))
    var at: String?

    /// The instant, or a `CommandError` when the text is none.
    func instant(in context: CommandContext) throws -> Instant {
        guard let at else { return context.now }
        return try Self.instant(at, for: "--at")
    }

    /// The instant that an option's text says, in the form that policy files have too.
    static func instant(_ text: String, for option: String) throws -> Instant {
        guard let instant = Instant(policyText: text) else {
            throw CommandError("expected a time such as `2026-11-22T10:00:00Z` for \(option), got `\(text)`")
        }
        return instant
    }
}
