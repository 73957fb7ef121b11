/// One nftables table of family inet that decides packets like the kernel would.
///
/// Two rulesets are equal when the same statements stand in the same order; the text and the JSON of one listing are.
public struct Ruleset: Hashable, Sendable {
    let program: Program

    /// Reads the text that `nft -f` takes for one table; throws `RulesetError` for what is unknown or refused.
    public init(text: String) throws(RulesetError) { program = try Lowering.lower(TextParser.parse(text)) }

    /// Reads what `nft -j list table inet NAME` prints; throws `RulesetError` for what is unknown or refused.
    public init(json: String) throws(RulesetError) { program = try Lowering.lower(JSONReader.parse(json)) }

    /// The table's name.
    public var name: String { program.name }

    /// A chain that the kernel calls at a hook.
    public struct BaseChain: Hashable, Sendable {
        /// The chain's name.
        public var name: String
        /// Where it is called.
        public var hook: Hook
        /// Its place among the chains of the hook: lower ones run first.
        public var priority: Int
        /// What it says to packets that reach its end.
        public var policy: Policy
    }

    /// A named set or map.
    public struct NamedSet: Hashable, Sendable {
        /// The set's name.
        public var name: String
        /// Whether it maps keys to verdicts.
        public var isMap: Bool
        /// nft's names of the types of a key's parts.
        public var types: [String]
        /// nft's names of its flags, sorted; never `dynamic`, which nft's JSON leaves out.
        public var flags: [String]
        /// The keys in the order of the input: addresses and prefixes as usual, all else as numbers, parts joined by
        /// ` . `, `*` for the rest.
        public var elements: [String]
    }

    /// The base chains in the order of the input.
    public var baseChains: [BaseChain] {
        program.chains.compactMap { chain in
            chain.hook.map { BaseChain(name: chain.name, hook: $0, priority: chain.priority, policy: chain.policy) }
        }
    }

    /// The base chains of a hook in the order in which they run.
    public func baseChains(at hook: Hook) -> [BaseChain] {
        (program.order[hook] ?? []).map { number in
            let chain = program.chains[number]
            return BaseChain(name: chain.name, hook: hook, priority: chain.priority, policy: chain.policy)
        }
    }

    /// The names of all chains in the order of the input.
    public var chainNames: [String] { program.chains.map(\.name) }

    /// The number of rules of a chain, or nil when there is no such chain.
    public func ruleCount(inChain name: String) -> Int? { program.chains.first { $0.name == name }?.rules.count }

    /// The comment of a rule, or nil when it has none or there is no such rule.
    public func comment(of rule: RulePosition) -> String? {
        guard let chain = program.chains.first(where: { $0.name == rule.chain }),
            chain.comments.indices.contains(rule.index)
        else { return nil }
        return chain.comments[rule.index]
    }

    /// The named sets and maps in the order of the input.
    public var sets: [NamedSet] {
        program.sets.filter { !$0.name.isEmpty }.map { set in
            NamedSet(
                name: set.name, isMap: set.isMap, types: set.types.map(\.rawValue),
                flags: set.flags.map(\.rawValue).sorted(), elements: set.texts)
        }
    }

    /// The named counters in the order of the input.
    public var counters: [String] { program.counters }
}
