extension FilterTable {
    /// The transaction that turns the table `old` into this one; see `RenderedRuleset.replacing`.
    public func replacing(_ old: FilterTable) throws(RenderError) -> String {
        let oldSets = Dictionary(old.sets.map { ($0.name, $0) }) { first, _ in first }
        let oldChains = Dictionary(old.chains.map { ($0.name, $0) }) { first, _ in first }
        let oldCounters = Set(old.counters.map(\.name))
        for set in sets { if let known = oldSets[set.name], known != set { throw .hashCollision(set.name) } }
        for chain in chains {
            if let known = oldChains[chain.name], known != chain { throw .hashCollision(chain.name) }
        }
        var text = Self.block(
            counters: counters.filter { !oldCounters.contains($0.name) },
            sets: sets.filter { oldSets[$0.name] == nil },
            chains: chains.filter { oldChains[$0.name] == nil }.map(\.declaration))
        for chain in base {
            text += "flush chain \(Self.name) \(chain.hook.rawValue)\n"
            for rule in chain.rules { text += "add rule \(Self.name) \(chain.hook.rawValue) \(rule.text)\n" }
        }
        let newChains = Set(chains.map(\.name))
        let newSets = Set(sets.map(\.name))
        let newCounters = Set(counters.map(\.name))
        for chain in old.chains.reversed() where !newChains.contains(chain.name) {
            text += "delete chain \(Self.name) \(chain.name)\n"
        }
        for set in old.sets.reversed() where !newSets.contains(set.name) {
            text += "delete set \(Self.name) \(set.name)\n"
        }
        for counter in old.counters.reversed() where !newCounters.contains(counter.name) {
            text += "delete counter \(Self.name) \(counter.name)\n"
        }
        return text
    }
}
