public import NetworkTypes
public import PolicyModel

/// A snapshot of an engine at one instant, made for judging many flows.
///
/// Addresses become policy classes, services become atoms; a row for each pair of classes says for each atom a key, and
/// the key says the whole decision. Rows are made when a pair is first met. What a class of flows does not determine
/// (processes, principals, conditions, source ports that rules ask for, a workload's traffic with itself) is asked of the engine.
public struct DecisionTable {
    /// Where a decision stands in a table; the two highest bits are the outcomes, so that counting needs no look-up.
    public struct Key: RawRepresentable, Hashable, Sendable {
        /// The bits.
        public let rawValue: UInt32

        /// Makes a key from bits that a table gave.
        @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Whether the policy verdict lets the flow pass.
        @inlinable public var isAllowedByPolicy: Bool { rawValue & 0x8000_0000 == 0 }
        /// Whether the effective verdict lets the flow pass.
        @inlinable public var isAllowedEffectively: Bool { rawValue & 0x4000_0000 == 0 }
        /// The number of the decision in its table; decisions are numbered one after the other.
        @inlinable public var number: Int { Int(rawValue & 0x3FFF_FFFF) }
    }

    let engine: PolicyEngine
    /// The instant that flows are judged at.
    public let instant: Instant
    /// When this snapshot holds: no rule starts or ends inside.
    public let validity: Validity
    let classes: PolicyClasses
    var addresses: AddressTable
    var atoms: ServiceAtoms
    var pairs: PairTable
    /// Patterns of one byte for each atom, each distinct one once: which of a row's keys the atom has.
    ///
    /// Pattern 0 says for all: the first.
    var patterns: [UInt8]
    private var patternNumbers: [[UInt8]: UInt32] = [:]
    /// The distinct keys of each row, one row after the other; the first of each row is 0: ask.
    var keysOfRows: [UInt32] = [0]
    /// For each different row, where its pattern and its keys begin; row 0 says: ask.
    var rows = [Row(pattern: 0, keys: 0)]

    struct Row: Sendable {
        var pattern: UInt32
        var keys: UInt32
    }

    /// The decision of each key; key 0 means that the engine must be asked.
    var decisions: [Decision]
    var keys: [Decision: UInt32] = [:]
    let pairKeys: PairKeys
    /// The distinct keys of pairs, and the row of each.
    var rowKeys = ListTable()
    var rowOfKey: [UInt32] = []
    /// For each class, where the row of a workload's traffic with its own address stands in the rows of `pairs`; 0 where
    /// it was not met yet.
    var selfs: [UInt32]
    /// The row that says for every atom: ask; made when first needed.
    var askRowNumber: UInt32?
    /// Whether all layers are stateful; if not, the reply depends on the source port and the engine is always asked.
    let isStateful: Bool
    /// Room for the key of a pair.
    var scratch: [UInt32] = []

    /// The most classes that a table is made for: the pairs then take 128 MiB.
    public static let maximumClasses = 8192

    /// Makes a snapshot, or returns nil when the policy has more than `maximumClasses` classes.
    public init?(_ engine: PolicyEngine, at instant: Instant) {
        self.init(engine, at: instant, maximumAtoms: ServiceAtoms.maximum)
    }

    /// Makes a snapshot with fewer atoms than there could be: the engine is then asked about the services of the others.
    package init?(_ engine: PolicyEngine, at instant: Instant, maximumAtoms: Int) {
        guard let classes = PolicyClasses(engine, limit: Self.maximumClasses) else { return nil }
        self.engine = engine
        self.instant = instant
        self.classes = classes
        addresses = AddressTable(
            hosts: engine.directory.owned { $0.map { classes.classOfIdentity[Int($0.identity)] } ?? classes.shared },
            space: engine.vocabulary.space,
            classOfSignature: engine.unmanaged.map { classes.classOfIdentity[Int($0)] })
        atoms = ServiceAtoms(engine, maximum: maximumAtoms)
        pairs = PairTable(width: classes.representatives.count, ask: rows[0])
        patterns = Array(repeating: 0, count: atoms.representatives.count)
        patternNumbers[patterns] = 0
        let nothing = Verdict(outcome: .allowed, source: .notGoverned, destination: .notGoverned)
        decisions = [Decision(policy: nothing, effective: nothing)]
        pairKeys = PairKeys(engine, classes, instant)
        selfs = Array(repeating: 0, count: classes.representatives.count)
        isStateful = engine.layers.allSatisfy(\.source.isStateful)
        validity = Self.window(engine, instant)
    }

    /// The number of policy classes; the pair table has its square.
    public var classCount: Int { classes.representatives.count }
    /// The number of service atoms: the length of a row.
    public var atomCount: Int { atoms.representatives.count }
    /// The number of distinct rows made so far.
    public var rowCount: Int { rows.count }
    /// The size of the rows and their keys in bytes.
    public var rowBytes: Int { patterns.count + keysOfRows.count * 4 + (rows.count + pairs.rows.count) * 8 }
    /// The size of the pair table in bytes.
    public var pairBytes: Int { pairs.size }

    private static func window(_ engine: PolicyEngine, _ instant: Instant) -> Validity {
        let edges = engine.rules.compactMap { $0?.source.validity }.flatMap { [$0.from, $0.until] }.compactMap(\.self)
        return Validity(from: edges.filter { $0 <= instant }.max(), until: edges.filter { $0 > instant }.min())
    }

    /// The decision that a key of this table stands for.
    public func decision(_ key: Key) -> Decision { decisions[key.number] }

    /// Judges one flow.
    public mutating func decide(_ flow: Flow) -> Key {
        if let key = known(flow, addresses.classify(flow.source.address), addresses.classify(flow.destination.address))
        {
            return key
        }
        return Key(rawValue: key(of: engine.decide(flow, at: instant)))
    }

    /// The classes of a flow's ends and its key; 0 where these do not determine what is said to it.
    mutating func place(_ flow: Flow) -> (source: UInt16, destination: UInt16, key: UInt32) {
        let (source, destination) = (
            addresses.classify(flow.source.address), addresses.classify(flow.destination.address)
        )
        // Classes do not tell a workload's traffic with itself from that of two.
        if flow.source.address == flow.destination.address { return (source, destination, 0) }
        return (source, destination, known(flow, source, destination)?.rawValue ?? 0)
    }

    /// What the rows say to a flow; nil where the engine must be asked.
    private mutating func known(_ flow: Flow, _ source: UInt16, _ destination: UInt16) -> Key? {
        guard flow.icmp != nil || !flow.proto.isICMP else { return nil }
        let port = flow.icmp.map { UInt16($0.type) << 8 | UInt16($0.code) } ?? flow.destinationPort
        let isOne = flow.source.address == flow.destination.address
        let row = isOne ? selfRow(source) : row(source, destination)
        let starts = pairs.rows[Int(row)]
        let place = patterns[Int(starts.pattern) + Int(atoms.atom(flow.proto, port))]
        let key = keysOfRows[Int(starts.keys) + Int(place)]
        return key == 0 ? nil : Key(rawValue: key)
    }

    private mutating func selfRow(_ number: UInt16) -> UInt32 {
        if selfs[Int(number)] == 0 { fillSelf(number) }
        return selfs[Int(number)]
    }

    /// Where the row of a pair stands in the rows of `pairs`.
    mutating func row(_ source: UInt16, _ destination: UInt16) -> UInt32 {
        if let known = pairs.row(source, destination) { return known }
        fill(source, destination)
        return pairs.row(source, destination) ?? 0
    }

    /// Adds a row, whose pattern may be known; the row that asks where four bytes cannot number another one's place.
    mutating func append(_ pattern: [UInt8], keys: [UInt32]) -> UInt32 {
        let known = patternNumbers[pattern]
        // The pattern of that row is known from the beginning.
        if known == nil, patterns.count + pattern.count > Int(UInt32.max) { return askRow() }
        let start = known ?? UInt32(patterns.count)
        if known == nil {
            patternNumbers[pattern] = start
            patterns += pattern
        }
        rows.append(Row(pattern: start, keys: UInt32(keysOfRows.count)))
        keysOfRows += keys
        return UInt32(rows.count - 1)
    }

    mutating func key(of decision: Decision) -> UInt32 {
        if let known = keys[decision] { return known }
        let denied =
            (decision.policy.outcome == .allowed ? 0 : 0x8000_0000 as UInt32)
            | (decision.effective.outcome == .allowed ? 0 : 0x4000_0000)
        let made = UInt32(decisions.count) | denied
        decisions.append(decision)
        keys[decision] = made
        return made
    }
}
