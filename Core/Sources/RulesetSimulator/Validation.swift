/// The kernel's checks of a whole table (`nft_table_validate`): they follow every way from every base chain.
struct Validation {
    private let program: Program
    /// Where each chain stands in the input.
    private let places: [RulesetError.Place]
    /// The deepest level at which a chain was already followed, per hook of the start.
    private var seen: [Int: Int] = [:]
    private let hook: Hook

    /// `NFT_JUMP_STACK_SIZE` (linux/netfilter/nf_tables.h): a chain at this level is refused, and so is every loop.
    private static let levels = 16

    static func check(_ program: Program, _ table: TableSyntax) throws(RulesetError) {
        let places = table.chains.map(\.place)
        for (number, chain) in program.chains.enumerated() {
            for target in targets(program, number) where program.chains[target].hook != nil {
                throw RulesetError(
                    places[number], "expected a jump to a chain without hook, got `\(program.chains[target].name)`")
            }
            guard let hook = chain.hook else { continue }
            var validation = Validation(program: program, places: places, hook: hook)
            try validation.follow(number, level: 0)
        }
        for set in program.sets {
            for target in set.verdicts.compactMap(\.target) where program.chains[target].hook != nil {
                throw RulesetError(
                    places[target], "expected a jump to a chain without hook, got `\(program.chains[target].name)`")
            }
        }
    }

    private init(program: Program, places: [RulesetError.Place], hook: Hook) {
        self.program = program
        self.places = places
        self.hook = hook
    }

    private mutating func follow(_ chain: Int, level: Int) throws(RulesetError) {
        guard level < Self.levels else {
            throw RulesetError(
                places[chain], "chain `\(program.chains[chain].name)` is in a loop or more than 15 jumps deep")
        }
        if let before = seen[chain], before >= level { return }
        seen[chain] = level
        if hook == .postrouting,
            Self.steps(program, chain).contains(where: { if case .reject = $0 { true } else { false } })
        {
            throw RulesetError(places[chain], "expected no `reject` in postrouting")
        }
        for target in Self.targets(program, chain) { try follow(target, level: level + 1) }
    }

    private static func steps(_ program: Program, _ chain: Int) -> [Step] {
        program.chains[chain].rules.flatMap { program.rules[$0].map { program.steps[$0] } }
    }

    /// The chains that a chain leads to by its rules and maps.
    private static func targets(_ program: Program, _ chain: Int) -> [Int] {
        var result: [Int] = []
        for step in steps(program, chain) {
            switch step {
            case .verdict(let verdict): result += [verdict.target].compactMap { $0 }
            case .dispatch(_, let map): result += program.sets[map].verdicts.compactMap(\.target)
            case .compare, .range, .lookup, .reject, .log, .counter, .limit, .update, .notrack: break
            }
        }
        return result
    }
}
