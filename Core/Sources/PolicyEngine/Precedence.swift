package import PolicyModel

/// What the order is made by in which the rules of one tier are asked.
struct Precedence {
    private let rank: Int
    private let action: Int
    private let id: RuleID

    init(rank: Int, action: RuleAction, id: RuleID) {
        self.rank = rank
        self.action = action.order
        self.id = id
    }

    /// Lower ranks first, then deny before allow before pass, then by identifier.
    func precedes(_ other: Self) -> Bool {
        if rank != other.rank { return rank < other.rank }
        return action == other.action ? id < other.id : action < other.action
    }

    /// The positions of rules in order of precedence.
    static func order(of rules: [FlatRule]) -> [Int] {
        // Rules are large; only what is compared is taken out of them.
        let keys = rules.indices.map { Self(rank: rules[$0].rank, action: rules[$0].action, id: rules[$0].id) }
        return rules.indices.sorted { keys[$0].precedes(keys[$1]) }
    }
}

extension RuleAction {
    /// Deny before allow before pass at equal rank.
    package var order: Int {
        switch self {
        case .deny: 0
        case .allow: 1
        case .pass: 2
        }
    }
}
