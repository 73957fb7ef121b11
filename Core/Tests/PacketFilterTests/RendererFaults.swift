import NetworkTypes
import PacketFilter

/// A mistake that a renderer could make, put into a rendered table.
struct RendererFault: CustomStringConvertible, Sendable {
    let description: String
    let apply: @Sendable (inout FilterTable) -> Void

    init(_ description: String, _ apply: @escaping @Sendable (inout FilterTable) -> Void) {
        self.description = description
        self.apply = apply
    }

    /// A mistake in the rules of every chain of these kinds; a chain's kind is its name up to `_`.
    static func rules(
        _ description: String, _ kinds: Set<String>, _ change: @escaping @Sendable (inout [FilterRule]) -> Void
    ) -> RendererFault {
        RendererFault(description) { table in
            for number in table.chains.indices {
                let kind = table.chains[number].name.prefix { $0 != "_" }
                if kinds.contains(String(kind)) { change(&table.chains[number].rules) }
            }
        }
    }

    static let hooks: Set<String> = ["input", "output"]
    static let walks: Set<String> = ["atom", "tier"]

    static let all: [RendererFault] = [
        rules("allows are asked before denies", walks) { rules in
            let allows = rules.filter { $0.statements == [.verdict(.accept)] && !$0.matches.isEmpty }
            rules = allows + rules.filter { !allows.contains($0) }
        },
        rules("tiers are asked in the wrong order", walks) { rules in
            let jumps = rules.filter { if case .verdict(.jump) = $0.statements.last { true } else { false } }
            rules.removeAll { jumps.contains($0) }
            rules.insert(contentsOf: jumps, at: max(0, rules.count - 1))
        },
        rules("peers of IPv6 are forgotten", walks) { rules in
            rules.removeAll { $0.text.hasPrefix("ip6") }
        },
        rules("a range of ports ends one too early", ["ports"]) { rules in
            for place in rules.indices {
                guard case .dispatch(let key, var cases) = rules[place].statements.first else { continue }
                for number in cases.indices where cases[number].values.count > 1 {
                    cases[number].values = cases[number].values.lowerBound...(cases[number].values.upperBound - 1)
                }
                rules[place].statements[0] = .dispatch(key, cases)
            }
        },
        rules("TCP that opens nothing is not dropped", hooks) { rules in
            rules.removeAll { $0.matches == [.isNotOpening] }
        },
        rules("exceptions of blocks are ignored", walks) { rules in
            for place in rules.indices {
                rules[place].matches.removeAll {
                    if case .address(_, _, _, isMember: false) = $0 { true } else { false }
                }
            }
        },
        rules("a pass ends the layer", ["tier"]) { rules in
            for place in rules.indices where rules[place].statements == [.verdict(.return)] {
                rules[place].statements = [.verdict(.accept)]
            }
        },
        rules("a pass goes on in its tier", ["tier"]) { rules in
            rules.removeAll { $0.statements == [.verdict(.return)] }
        },
        rules("connection state is asked before essential traffic", hooks) { rules in
            guard let state = rules.firstIndex(where: { $0.text.hasPrefix("ct state") }) else { return }
            rules.insert(rules.remove(at: state), at: 0)
        },
        rules("everything on the loopback interface is self-traffic", hooks) { rules in
            for place in rules.indices where rules[place].comment == "self-traffic" {
                rules[place].matches.removeLast()
            }
        },
        rules("the source port is not tested", walks) { rules in
            for place in rules.indices {
                rules[place].matches.removeAll { if case .ports = $0 { true } else { false } }
            }
        },
        rules("every related packet passes", ["related"]) { $0 = [FilterRule(.accept)] },
        rules("every untracked packet passes", ["untracked"]) { $0 = [FilterRule(.accept)] },
        rules("sender and receiver are confused", walks) { rules in
            for place in rules.indices {
                rules[place].matches = rules[place].matches.map {
                    guard case .address(let family, let side, let set, let isMember) = $0 else { return $0 }
                    return .address(family, side.opposite, set: set, isMember: isMember)
                }
            }
        },
        rules("the code of an ICMP message is not tested", ["codes"]) { rules in
            guard case .dispatch(_, let cases) = rules[0].statements[0], let first = cases.first else { return }
            rules = [FilterRule(first.verdict)]
        },
        rules("protocols that no rule names are allowed", hooks) { $0[$0.count - 1] = FilterRule(.accept) },
        rules("UDP from a denied service passes where the default allows", ["ports"]) { rules in
            if rules.contains(where: { $0.text.hasPrefix("udp sport vmap") }) { rules = [FilterRule(.accept)] }
        },
        RendererFault("sets lack their last address") { table in
            for number in table.sets.indices where table.sets[number].elements.count > 1 {
                table.sets[number].elements.removeLast()
            }
        },
        RendererFault("all denials are counted as one") { table in
            let all = table.counters.map(\.name).first { $0 != "suppressed" } ?? ""
            for number in table.chains.indices where table.chains[number].name.hasPrefix("deny_") {
                table.chains[number].rules[0].statements[0] = .counter(all)
            }
        },
        RendererFault("a refusal is not answered") { table in
            for number in table.chains.indices where table.chains[number].name.hasPrefix("reject_") {
                table.chains[number].rules = [FilterRule(.drop)]
            }
        },
    ]
}
