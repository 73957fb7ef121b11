import NetworkTypes

extension ServiceSet {
    /// The members of either set.
    public func union(_ other: Self) -> Self {
        if isEmpty || self == other { return other }
        return other.isEmpty ? self : combined(other) { $0.union($1) }
    }

    /// The members of both sets.
    public func intersection(_ other: Self) -> Self {
        if isEmpty || self == other { return self }
        return other.isEmpty ? other : combined(other) { $0.intersection($1) }
    }

    /// The members that `other` lacks.
    public func subtracting(_ other: Self) -> Self {
        if isEmpty || other.isEmpty { return self }
        return self == other ? ServiceSet() : combined(other) { $0.subtracting($1) }
    }

    /// Whether every member of `other` is a member.
    public func isSuperset(of other: Self) -> Bool { other.subtracting(self).isEmpty }

    /// Joins both sets destination by destination; linear in their parts.
    private func combined(_ other: Self, _ join: (PortSet, PortSet) -> PortSet) -> Self {
        var result = ServiceSet()
        var mine = Cursor(parts)
        var theirs = Cursor(other.parts)
        while let next = [mine.place, theirs.place].compactMap(\.self).min() {
            let ends = [mine.end(from: next), theirs.end(from: next)].compactMap(\.self)
            guard let end = ends.min() else { break }
            let source = join(mine.source(at: next), theirs.source(at: next))
            result.append(Part(next.proto, next.port...end, source))
            mine.advance(past: end, of: next.proto)
            theirs.advance(past: end, of: next.proto)
        }
        return result
    }

    /// A place in the order of protocols and destinations.
    private struct Place: Comparable {
        let proto: IPProtocol
        let port: UInt16

        static func < (a: Self, b: Self) -> Bool { (a.proto, a.port) < (b.proto, b.port) }
    }

    /// What is left of a list of parts.
    private struct Cursor {
        private let parts: [Part]
        private var index = 0
        private var start: UInt16

        init(_ parts: [Part]) {
            self.parts = parts
            start = parts.first?.destination.lowerBound ?? 0
        }

        /// Where the rest begins.
        var place: Place? { index < parts.count ? Place(proto: parts[index].proto, port: start) : nil }

        /// The last destination from `other` on for which the answer stays the same; nil when nothing limits it.
        func end(from other: Place) -> UInt16? {
            guard let place, place.proto == other.proto else { return nil }
            return place.port > other.port ? place.port - 1 : parts[index].destination.upperBound
        }

        func source(at other: Place) -> PortSet { place == other ? parts[index].source : PortSet() }

        /// Leaves out what was joined: the destinations of the protocol up to `end`.
        mutating func advance(past end: UInt16, of proto: IPProtocol) {
            guard index < parts.count, parts[index].proto == proto else { return }
            if parts[index].destination.upperBound <= end {
                index += 1
                if index < parts.count { start = parts[index].destination.lowerBound }
            } else {
                start = max(start, end + 1)
            }
        }
    }
}
