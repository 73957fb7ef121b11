import Flows

/// Which ends of flows many others ask: of two ports that say nothing by their numbers, a server's is asked from one drawn port
/// after the other, a client's by nobody.
///
/// Whoever asks many from one port does not pass for their server: he sends first, and asks for one port.
struct SharedEnds {
    private struct End {
        /// The peer that was seen last.
        var peer: FlowEndpoint
        /// Whether this end sent what was seen first of the two.
        var isFirst: Bool
        /// How often another peer, at another port, sent first.
        var changes = 0
    }

    private var ends: [FlowEndpoint: End] = [:]

    /// Whether what goes from one end to the other is likelier an answer than a request, by all that was seen before; between
    /// equals whoever was seen to send first has asked.
    mutating func looksLikeAnswer(from source: FlowEndpoint, to destination: FlowEndpoint) -> Bool {
        let mine = meet(source, destination, isFirst: true)
        let theirs = meet(destination, source, isFirst: false)
        return mine.changes == theirs.changes ? !mine.isFirst : mine.changes > theirs.changes
    }

    private mutating func meet(_ end: FlowEndpoint, _ peer: FlowEndpoint, isFirst: Bool) -> End {
        guard var known = ends[end] else {
            let new = End(peer: peer, isFirst: isFirst)
            if ends.count < DecodeLimits.sharedEnds { ends[end] = new }
            return new
        }
        guard known.peer != peer else { return known }
        let isAsked = !isFirst && peer.port != known.peer.port
        known = End(peer: peer, isFirst: isFirst, changes: known.changes + (isAsked ? 1 : 0))
        ends[end] = known
        return known
    }
}
