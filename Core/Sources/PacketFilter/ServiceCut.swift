internal import NetworkTypes
internal import PolicyEngine
internal import PolicyModel

/// A part of a rule where it applies to all packets of an atom, or to those with some ports at the other side.
struct AtomEntry: Hashable {
    /// The place of the tier.
    let tier: Int
    /// The place of the rule in its tier.
    let rule: Int
    /// The place of the part in its rule.
    let part: Int
    /// The source ports that the part is narrowed to; nil means no test of them.
    let otherPorts: PortSet?
}

/// The space of services of one direction, cut into *atoms*: inside one, the same parts of rules apply.
///
/// One number stands for a destination port, or for type × 256 + code of an ICMP message.
struct ServiceCut {
    /// One protocol that rules speak of.
    struct OneProtocol {
        /// What applies to every packet of the protocol.
        var whole: [AtomEntry] = []
        /// Disjoint ascending spans in which more applies, with all that applies there.
        var spans: [(values: ClosedRange<UInt16>, entries: [AtomEntry])] = []
    }

    /// What applies to protocols that no rule names.
    let others: [AtomEntry]
    /// The protocols that rules name, ascending.
    let protocols: [(proto: IPProtocol, cut: OneProtocol)]

    /// Cuts the services of these tiers; an unresolved named port is refused.
    init(_ tiers: [DirectedTier]) throws(RenderError) {
        var collected: [IPProtocol: Collection] = [:]
        var others: [AtomEntry] = []
        for (tierNumber, tier) in tiers.enumerated() {
            for (ruleNumber, directed) in tier.rules.enumerated() {
                for (partNumber, part) in directed.rule.parts.enumerated() {
                    let place = Place(tier: tierNumber, rule: ruleNumber, part: partNumber)
                    if part.services.contains(.any) {
                        others.append(place.entry(nil))
                        continue
                    }
                    for term in part.services {
                        try Self.add(term, place, directed.rule.id, &collected)
                    }
                }
            }
        }
        self.others = others
        protocols = collected.sorted { $0.key < $1.key }.map { ($0.key, $0.value.cut(adding: others)) }
    }

    private static func add(
        _ term: ServiceTerm, _ place: Place, _ id: RuleID, _ collected: inout [IPProtocol: Collection]
    ) throws(RenderError) {
        let all = ClosedRange<UInt16>(uncheckedBounds: (0, 65535))
        switch term {
        case .any: break
        case .proto(let proto): collected[proto, default: Collection()].add(place, all, nil)
        case .ports(let proto, let destination, let source):
            guard proto.hasPorts, !source.isEmpty else { return }
            for span in destination.intervals {
                collected[proto, default: Collection()].add(place, span, source == .all ? nil : source)
            }
        case .icmp(let proto, let type, let code):
            guard proto.isICMP else { return }
            let first = UInt16(type) << 8 | UInt16(code ?? 0)
            let last = UInt16(type) << 8 | UInt16(code ?? 255)
            collected[proto, default: Collection()].add(place, first...last, nil)
        case .named(let port): throw .unresolvedPort(id, port)
        }
    }

    fileprivate struct Place: Hashable, Comparable {
        let tier: Int
        let rule: Int
        let part: Int

        func entry(_ otherPorts: PortSet?) -> AtomEntry {
            AtomEntry(tier: tier, rule: rule, part: part, otherPorts: otherPorts)
        }

        static func < (a: Self, b: Self) -> Bool { (a.tier, a.rule, a.part) < (b.tier, b.rule, b.part) }
    }

    /// The terms of one protocol, before cutting.
    fileprivate struct Collection {
        private var whole: [Place: PortSet?] = [:]
        private var spans: [(place: Place, values: ClosedRange<UInt16>, otherPorts: PortSet?)] = []

        mutating func add(_ place: Place, _ values: ClosedRange<UInt16>, _ otherPorts: PortSet?) {
            if values == 0...65535 {
                Self.widen(&whole, place, otherPorts)
            } else {
                spans.append((place, values, otherPorts))
            }
        }

        /// Either of two narrowings of one part holds.
        private static func widen(_ known: inout [Place: PortSet?], _ place: Place, _ otherPorts: PortSet?) {
            guard let before = known[place] else {
                known[place] = .some(otherPorts)
                return
            }
            if let before, let otherPorts {
                known[place] = .some(before.union(otherPorts))
            } else {
                known[place] = .some(nil)
            }
        }

        private static func entries(_ known: [Place: PortSet?], _ others: [AtomEntry]) -> [AtomEntry] {
            (others + known.map { $0.key.entry($0.value) }).sorted {
                ($0.tier, $0.rule, $0.part) < ($1.tier, $1.rule, $1.part)
            }
        }

        func cut(adding others: [AtomEntry]) -> OneProtocol {
            var starts: Set<UInt16> = [0]
            for span in spans {
                starts.insert(span.values.lowerBound)
                if span.values.upperBound < .max { starts.insert(span.values.upperBound + 1) }
            }
            let sorted = starts.sorted()
            var extra: [[Place: PortSet?]] = Array(repeating: [:], count: sorted.count)
            for span in spans {
                var place = Self.position(of: span.values.lowerBound, in: sorted)
                while place < sorted.count, sorted[place] <= span.values.upperBound {
                    Self.widen(&extra[place], span.place, span.otherPorts)
                    place += 1
                }
            }
            var result = OneProtocol(whole: Self.entries(whole, others))
            for (place, start) in sorted.enumerated() where !extra[place].isEmpty {
                let end = place + 1 < sorted.count ? sorted[place + 1] - 1 : UInt16.max
                var known = whole
                for (key, otherPorts) in extra[place] { Self.widen(&known, key, otherPorts) }
                result.spans.append((start...end, Self.entries(known, others)))
            }
            return result
        }

        /// The place of a value that the ascending list holds.
        private static func position(of value: UInt16, in sorted: [UInt16]) -> Int {
            var low = 0
            var high = sorted.count
            while low < high {
                let middle = (low + high) / 2
                if sorted[middle] < value { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }
}
