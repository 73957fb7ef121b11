/// An expression as both input forms write it; literals get their meaning from the type of the other side.
indirect enum Expression: Hashable, Sendable {
    case literal(String)
    case field(Field)
    case prefix(String, Int)
    case range(String, String)
    /// `a,b`: values of a bitmask that are tried together.
    case list([String])
    /// `a | b`: one value.
    case either([String])
    /// A field under a mask.
    case masked(Field, Expression)
    case concatenation([Expression])
    case set([ElementSyntax])
    case reference(String)
    /// `*`: every key that no other element has.
    case wildcard
}

/// One element of a set or map.
struct ElementSyntax: Hashable, Sendable {
    var key: Expression
    var verdict: VerdictSyntax?
}

/// A verdict with the name of its chain.
enum VerdictSyntax: Hashable, Sendable {
    case accept, drop, `return`, `continue`
    case jump(String)
    case goto(String)
}

/// How both sides of a match are compared.
enum Relation: Hashable, Sendable {
    /// No operator: equality, but any common bit for a bitmask.
    case implicit
    case equal, notEqual
    /// `!`: no common bit.
    case disjoint
    case less, greater, lessOrEqual, greaterOrEqual
}

/// One statement of a rule.
enum StatementSyntax: Hashable, Sendable {
    case match(Expression, Relation, Expression)
    case dispatch(Expression, Expression)
    case verdict(VerdictSyntax)
    case reject(RejectKind)
    case log(prefix: String, group: UInt16?)
    case counter(String?)
    case limit(over: Bool)
    case update(SetOperation, set: String, key: Expression, limits: [Bool])
    case notrack
}

/// A value of the syntax with its place in the input.
struct Located<Value: Hashable & Sendable>: Hashable, Sendable {
    var place: RulesetError.Place
    var value: Value
}

/// A rule: its statements and its comment.
struct RuleSyntax: Hashable, Sendable {
    var place: RulesetError.Place
    var statements: [Located<StatementSyntax>] = []
    var comment: String?
}

/// A chain; `base` is nil for one that is only jumped to.
struct ChainSyntax: Sendable {
    var place: RulesetError.Place
    var name: String
    var base: (hook: Hook, priority: Int, policy: Policy)?
    var rules: [RuleSyntax] = []
}

/// A named set or map.
struct SetSyntax: Sendable {
    var place: RulesetError.Place
    var name: String
    var isMap = false
    var types: [Datatype] = []
    var flags: Set<SetFlag> = []
    var size: Int?
    var merges = false
    var elements: [Located<ElementSyntax>] = []
}

/// A property that a set was declared with.
enum SetFlag: String, Hashable, Sendable {
    case constant, interval, timeout, dynamic
}

/// One table of family inet as written.
struct TableSyntax: Sendable {
    var name: String
    var chains: [ChainSyntax] = []
    var sets: [SetSyntax] = []
    var counters: [String] = []
}
