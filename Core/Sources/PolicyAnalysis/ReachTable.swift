import PolicyEngine
import PolicyModel

/// What each class lets pass, leaving it and entering it, to and from each other class; held sparsely.
struct ReachTable: Sendable {
    /// What all subjects of a group let pass: one number for most peers, and the exceptions.
    struct Row: Sendable {
        let usual: UInt32
        let exceptions: [(peer: UInt32, traffic: UInt32)]
    }

    /// One direction of flows, seen from the subject.
    struct Side: Sendable {
        /// For each class, the number of its row.
        var rowOfClass: [UInt32] = []
        var rows: [Row] = []
    }

    let classes: IdentityClasses
    let atoms: TrafficAtoms
    let egress: Side
    let ingress: Side
    /// For each peer, its exceptions in the rows of `ingress`.
    private let entering: [[(row: UInt32, traffic: UInt32)]]
    /// What the numbers in rows stand for.
    let traffic: [EndTraffic]

    init(_ builder: inout ReachBuilder) {
        egress = builder.side(.egress)
        ingress = builder.side(.ingress)
        classes = builder.classes
        atoms = builder.atoms
        traffic = builder.memo.traffic
        var entering = [[(row: UInt32, traffic: UInt32)]](repeating: [], count: classes.count)
        for (number, row) in ingress.rows.enumerated() {
            for exception in row.exceptions {
                entering[Int(exception.peer)].append((UInt32(number), exception.traffic))
            }
        }
        self.entering = entering
    }

    /// For each destination class, what both ends say to flows from `source`: two numbers of `traffic`.
    func row(from source: UInt32) -> [(egress: UInt32, ingress: UInt32)] {
        let leaving = egress.rows[Int(egress.rowOfClass[Int(source)])]
        var arriving = ingress.rows.map(\.usual)
        for exception in entering[Int(source)] { arriving[Int(exception.row)] = exception.traffic }
        var result = ingress.rowOfClass.map { (egress: leaving.usual, ingress: arriving[Int($0)]) }
        for exception in leaving.exceptions { result[Int(exception.peer)].egress = exception.traffic }
        return result
    }

    /// What both ends say to flows from one class to another.
    func pair(_ source: UInt32, _ destination: UInt32) -> (egress: UInt32, ingress: UInt32) {
        let leaving = egress.rows[Int(egress.rowOfClass[Int(source)])]
        let arriving = ingress.rowOfClass[Int(destination)]
        return (
            leaving.exceptions.first { $0.peer == destination }?.traffic ?? leaving.usual,
            entering[Int(source)].first { $0.row == arriving }?.traffic ?? ingress.rows[Int(arriving)].usual
        )
    }
}

/// What both ends together let pass, each distinct answer once; it fills as it is asked.
struct TrafficTable {
    private let reach: ReachTable
    private var pairs: [UInt64: Int] = [:]
    private var masks: [EndTraffic: Int] = [:]
    /// The last answer, since neighbours are often alike.
    private var last: (key: UInt64, number: Int) = (.max, 0)
    /// The distinct answers.
    private(set) var traffic: [Traffic] = []
    private var nothing: [Bool] = []

    init(_ reach: ReachTable) { self.reach = reach }

    /// The number of what both let pass.
    mutating func number(_ pair: (egress: UInt32, ingress: UInt32)) -> Int {
        let key = UInt64(pair.egress) << 32 | UInt64(pair.ingress)
        if key == last.key { return last.number }
        let number = pairs[key] ?? make(pair, key)
        last = (key, number)
        return number
    }

    /// Whether nothing may flow.
    func isNothing(_ number: Int) -> Bool { nothing[number] }

    private mutating func make(_ pair: (egress: UInt32, ingress: UInt32), _ key: UInt64) -> Int {
        let both = reach.traffic[Int(pair.egress)].intersection(reach.traffic[Int(pair.ingress)])
        let number = masks[both] ?? traffic.count
        if number == traffic.count {
            masks[both] = number
            nothing.append(both.may.isEmpty)
            traffic.append(Traffic(reach.atoms, both))
        }
        pairs[key] = number
        return number
    }
}

extension Traffic {
    init(_ atoms: TrafficAtoms, _ both: EndTraffic) {
        let must = atoms.services(both.must)
        self.init(must: must, may: both.must == both.may ? must : atoms.services(both.may))
    }
}
