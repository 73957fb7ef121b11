public import NetworkTypes
public import PolicyModel

/// A rendered program: the table, and what its names stand for.
public struct RenderedRuleset: Hashable, Sendable {
    /// The table as values.
    public let table: FilterTable
    /// What counters and log prefixes refer to.
    public let references: [DenialReference: DenialReason]
    /// Allows and passes that ask for a process or a principal and therefore match nothing, by identifier.
    public let matchesNothing: [RuleID]
    /// The first instant at which another rendering would differ because a rule begins or ends; nil means never.
    ///
    /// What begins, and an allow that ends, does so by itself for new connections; a deny that ends needs the rendering.
    public let holdsUntil: Instant?

    /// The whole table, for `nft -f` where no table of ours exists; one transaction.
    public var text: String { table.text }

    /// The transaction that turns the table of `old` into this one, in one buffer.
    ///
    /// New sets and chains come first, then the base chains' jumps are exchanged (flushed and added again: leak-free
    /// inside one transaction, unlike anything that re-creates a base chain), then what is no longer used goes, callers
    /// before callees. Counters that stay keep their counts. Throws `hashCollision` when one name has two meanings.
    public func replacing(_ old: RenderedRuleset) throws(RenderError) -> String { try table.replacing(old.table) }

    /// The transaction that removes our table, whether it exists or not; from then on nothing is enforced.
    public static var removal: String { "table \(FilterTable.name)\ndelete table \(FilterTable.name)\n" }
}
