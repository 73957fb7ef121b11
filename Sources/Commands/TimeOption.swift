import ArgumentParser
import Flows
import Foundation
import NetworkTypes

/// The instant that a command judges at.
struct TimeOption: ParsableArguments {
    @Option(help: "The instant to judge at, such as 2026-11-22T10:00:00Z; now, unless given.")
    var at: String?

    /// The instant, or a `CommandError` when the text is none.
    func instant(in context: CommandContext) throws -> Instant {
        guard let at else { return context.now }
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime]
        guard let date = formatter.date(from: at), let seconds = Int64(exactly: date.timeIntervalSince1970.rounded())
        else { throw CommandError("expected a time such as `2026-11-22T10:00:00Z` for --at, got `\(at)`") }
        let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { throw CommandError("expected a time between 1678 and 2261 for --at, got `\(at)`") }
        return Instant(rawValue: nanoseconds)
    }
}
