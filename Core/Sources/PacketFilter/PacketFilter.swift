internal import NetworkTypes
public import PolicyEngine
internal import PolicyModel

/// Turns the program of a workload into the nftables ruleset of its host.
///
/// No I/O, no clock; equal input, equal text.
public enum PacketFilter {
    /// Renders a program.
    ///
    /// Where the program has no default action its agent does not enforce, and the base chains are empty. In visibility
    /// a program with a default action is evaluated, counted and logged, and nothing is dropped. Throws when the
    /// program asks for what a packet filter cannot do or is too large; then nothing of it may be installed.
    public static func render(
        _ program: WorkloadProgram, options: RenderOptions
    ) throws(RenderError) -> RenderedRuleset {
        guard let mode = program.mode, mode != .idle, let defaultAction = program.defaultAction else {
            return RenderedRuleset(
                table: FilterTable(
                    counters: [], sets: [], chains: [],
                    base: FilterHook.allCases.map { FilterBaseChain(hook: $0, rules: []) }),
                references: [:], matchesNothing: [], holdsUntil: nil)
        }
        var builder = TableBuilder(limits: options.limits)
        let denials = DenialChains(
            generation: options.generation, logGroup: options.logGroup, isEnforced: mode.enforces)
        var base: [FilterBaseChain] = []
        for hook in FilterHook.allCases {
            let renderer = HookRenderer(
                program: program, options: options, denials: denials, defaultAction: defaultAction, hook: hook)
            let jump = FilterRule(.jump(try renderer.chain(&builder)), comment: "generation \(options.generation)")
            base.append(FilterBaseChain(hook: hook, rules: [jump]))
        }
        let table = builder.table(base)
        let counted = Set(table.counters.map(\.name))
        return RenderedRuleset(
            table: table, references: builder.references.filter { counted.contains($0.key.counter) },
            matchesNothing: matchesNothing(program), holdsUntil: nextChange(program, after: options.instant))
    }

    /// Allows and passes that ask for a process or a principal.
    private static func matchesNothing(_ program: WorkloadProgram) -> [RuleID] {
        Set(program.tiers.flatMap(\.rules).filter { $0.needsAttributes }.map(\.id)).sorted()
    }

    /// The first instant after `instant` at which a rule comes into force or leaves it.
    private static func nextChange(_ program: WorkloadProgram, after instant: Instant) -> Instant? {
        program.tiers.flatMap(\.rules).flatMap { [$0.validity.from, $0.validity.until] }.compactMap(\.self)
            .filter { $0 > instant }.min()
    }
}
