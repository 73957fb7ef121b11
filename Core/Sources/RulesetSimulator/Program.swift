/// A verdict with the ordinal of its chain.
enum RuleVerdict: Hashable, Sendable {
    case accept, drop, `return`, `continue`
    case jump(Int)
    case goto(Int)

    /// The chain that it leads to.
    var target: Int? {
        switch self {
        case .jump(let chain), .goto(let chain): chain
        case .accept, .drop, .return, .continue: nil
        }
    }
}

/// How a register is compared with a constant (`NFT_CMP_*`).
enum Comparison: Hashable, Sendable {
    case equal, notEqual, less, greater, lessOrEqual, greaterOrEqual

    @inline(__always)
    func holds(_ a: UInt128, _ b: UInt128) -> Bool {
        switch self {
        case .equal: a == b
        case .notEqual: a != b
        case .less: a < b
        case .greater: a > b
        case .lessOrEqual: a <= b
        case .greaterOrEqual: a >= b
        }
    }
}

/// What is looked up: one field, or several by their ordinal in `Program.tuples`.
enum LookupKey: Hashable, Sendable {
    case field(Field)
    case tuple(Int)
}

/// One expression of a rule, as the kernel runs them: the first that does not hold ends the rule.
enum Step: Hashable, Sendable {
    case compare(Field, mask: UInt128, Comparison, UInt128)
    case range(Field, UInt128, UInt128, inverted: Bool)
    case lookup(LookupKey, set: Int, inverted: Bool)
    case dispatch(LookupKey, map: Int)
    case verdict(RuleVerdict)
    case reject(Int)
    case log(Int)
    case counter(named: Int?)
    case limit(over: Bool)
    case update(Int)
    case notrack
}

/// A `log` statement.
struct LogStep: Hashable, Sendable {
    var prefix: String
    var group: UInt16?
}

/// A statement that changes a set.
struct UpdateStep: Hashable, Sendable {
    var operation: SetOperation
    var set: Int
    var key: LookupKey
    /// For each limit of the element whether it holds when over.
    var limits: [Bool]
}

/// A set or map; the anonymous ones have an empty name.
struct SetTable: Hashable, Sendable {
    var name: String
    var isMap: Bool
    var types: [Datatype]
    var flags: Set<SetFlag>
    var index: ElementIndex
    var verdicts: [RuleVerdict]
    /// The keys as text, in the order of the input.
    var texts: [String]
}

/// A chain: which of the program's rules are its own.
struct Chain: Hashable, Sendable {
    var name: String
    var hook: Hook?
    var priority = 0
    var policy = Policy.accept
    var rules: Range<Int> = 0..<0
    var comments: [String?] = []
}

/// What both input forms become.
struct Program: Hashable, Sendable {
    var name: String
    var chains: [Chain] = []
    /// The steps of each rule, as ranges of `steps`.
    var rules: [Range<Int>] = []
    var steps: [Step] = []
    var sets: [SetTable] = []
    var tuples: [[Field]] = []
    var logs: [LogStep] = []
    var rejects: [RejectKind] = []
    var updates: [UpdateStep] = []
    var counters: [String] = []
    /// The ordinals of the base chains of each hook in the order in which the kernel runs them.
    var order: [Hook: [Int]] = [:]
}
