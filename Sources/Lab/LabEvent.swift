/// Something to tell while the lab runs, in the order in which it happens.
public enum LabEvent: Sendable {
    /// The next of the numbered steps begins.
    case step(number: Int, title: String)
    /// A line of text that belongs to the step.
    case line(String)
    /// A table that belongs to the step.
    case table(LabTable)

    /// The event as lines for a terminal.
    public var lines: [String] {
        switch self {
        case .step(let number, let title): ["", "\(number). \(title)"]
        case .line(let text): ["   " + text]
        case .table(let table): table.lines.map { "   " + $0 }
        }
    }
}
