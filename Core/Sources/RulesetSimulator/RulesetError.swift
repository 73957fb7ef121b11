/// Why a ruleset was refused, and where.
///
/// The reader never skips what it does not know: a match that it ignored would pass for one that did not match.
public struct RulesetError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where in the input the cause stands.
    public enum Place: Hashable, Sendable, CustomStringConvertible {
        /// A line and a column of the text, both counted from 1, the column in bytes.
        case text(line: Int, column: Int)
        /// A path into the JSON value, such as `nftables[3].rule.expr[0]`.
        case json(path: String)

        /// `line:column`, or the path.
        public var description: String {
            switch self {
            case .text(let line, let column): "\(line):\(column)"
            case .json(let path): path
            }
        }
    }

    /// Where the cause stands.
    public let place: Place
    /// What was expected and what was got.
    public let message: String

    init(_ place: Place, _ message: String) {
        self.place = place
        self.message = message
    }

    /// The place, a colon, the message.
    public var description: String { "\(place): \(message)" }
}
