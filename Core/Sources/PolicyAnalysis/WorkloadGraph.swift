import NetworkTypes
import PolicyEngine
import PolicyModel

/// Which workloads may open connections to which, by groups that the same may reach and that reach the same.
///
/// Workloads with ends of the same classes and families are one group: what holds from one member of a group to one of
/// another holds for all of them. An address with several owners counts for each of them, as source and as destination.
struct WorkloadGraph {
    /// Which of the two bounds of traffic makes an edge.
    enum Certainty {
        case must
        case may
    }

    /// Ends that policy cannot tell apart and that have the same families.
    private struct Cell: Hashable {
        let classNumber: UInt32
        let families: Families
    }

    /// The families of an end, a bit each; who has no address may yet get any.
    private struct Families: OptionSet, Hashable {
        let rawValue: UInt8
        static let ipv4 = Families(rawValue: 1)
        static let ipv6 = Families(rawValue: 2)

        init(rawValue: UInt8) { self.rawValue = rawValue }

        init(_ end: End) {
            var found: Families = end.ranges.isEmpty ? [.ipv4, .ipv6] : []
            for range in end.ranges { found.insert(range.family == .ipv4 ? .ipv4 : .ipv6) }
            self = found
        }

        /// The message protocols that mean nothing without the other family (RFC 792, RFC 4443).
        var impossible: ServiceSet {
            ServiceSet.all((contains(.ipv4) ? [] : [.icmp]) + (contains(.ipv6) ? [] : [.icmpv6]))
        }
    }

    /// What is known of a numbered traffic between ends with some families in common.
    private struct Passage: OptionSet {
        let rawValue: UInt8
        static let isKnown = Passage(rawValue: 1)
        static let must = Passage(rawValue: 2)
        static let may = Passage(rawValue: 4)
    }

    /// The workloads, by name.
    let workloads: [WorkloadID]
    /// For each group its members, as places in `workloads`, ascending; groups by their first members.
    let groups: [[Int]]
    private let placeOf: [WorkloadID: Int]
    private let groupOf: [Int]
    /// What can make an edge.
    private let services: ServiceSet
    private let reach: ReachTable
    private let cells: [Cell]
    private let cellsOfGroup: [[Int]]
    private let groupsOfCell: [[Int]]
    private let outside: [(end: End, cell: Cell)]
    private var table: TrafficTable
    /// For each numbered traffic and set of families, what is known.
    private var passages: [Passage] = []

    init(_ connectivity: Connectivity, _ services: ServiceSet) {
        self.services = services
        reach = connectivity.reach
        table = TrafficTable(reach)
        var numbers: [Cell: Int] = [:]
        var cells: [Cell] = []
        var cellsOf: [WorkloadID: [Int]] = [:]
        var outside: [(end: End, cell: Cell)] = []
        for end in connectivity.ends {
            let cell = Cell(classNumber: end.classNumber, families: Families(end))
            guard !end.owners.isEmpty else {
                outside.append((end, cell))
                continue
            }
            let number = numbers[cell] ?? cells.count
            if number == cells.count {
                numbers[cell] = number
                cells.append(cell)
            }
            for owner in end.owners { cellsOf[owner, default: []].append(number) }
        }
        self.cells = cells
        self.outside = outside
        let workloads = cellsOf.keys.sorted()
        var groupNumbers: [[Int]: Int] = [:]
        var groups: [[Int]] = []
        var cellsOfGroup: [[Int]] = []
        var groupOf: [Int] = []
        var places: [WorkloadID: Int] = [:]
        for (place, workload) in workloads.enumerated() {
            let key = Set(cellsOf[workload] ?? []).sorted()
            let group = groupNumbers[key] ?? groups.count
            if group == groups.count {
                groupNumbers[key] = group
                groups.append([])
                cellsOfGroup.append(key)
            }
            groups[group].append(place)
            groupOf.append(group)
            places[workload] = place
        }
        var groupsOfCell = [[Int]](repeating: [], count: cells.count)
        for (group, key) in cellsOfGroup.enumerated() {
            for cell in key { groupsOfCell[cell].append(group) }
        }
        self.workloads = workloads
        self.groups = groups
        self.cellsOfGroup = cellsOfGroup
        self.groupOf = groupOf
        self.groupsOfCell = groupsOfCell
        placeOf = places
    }

    /// The place of a workload; nil when there is none of this name.
    func place(of workload: WorkloadID) -> Int? { placeOf[workload] }

    /// The group that the workload at a place is in.
    func group(of place: Int) -> Int { groupOf[place] }

    /// The groups to which members of a group may open connections, ascending; itself when they may to each other.
    ///
    /// Cost: the classes and the cells, for each class of the group.
    mutating func successors(of group: Int, _ certainty: Certainty) -> [Int] {
        var isFound = [Bool](repeating: false, count: groups.count)
        for source in cellsOfGroup[group] {
            let from = cells[source]
            let row = reach.row(from: from.classNumber).map { table.number($0) }
            for (destination, to) in cells.enumerated() {
                let passage = passage(row[Int(to.classNumber)], from.families.intersection(to.families))
                let isEdge = passage.contains(certainty == .must ? .must : .may)
                if isEdge { for next in groupsOfCell[destination] { isFound[next] = true } }
            }
        }
        return isFound.indices.filter { isFound[$0] }
    }

    /// What members of a group may send to members of another, or to each other.
    mutating func traffic(from group: Int, to other: Int) -> Traffic {
        var result = Traffic.none
        for from in cellsOfGroup[group].map({ cells[$0] }) {
            for to in cellsOfGroup[other].map({ cells[$0] }) {
                let number = table.number(reach.pair(from.classNumber, to.classNumber))
                result = result.union(traffic(number, from.families.intersection(to.families)))
            }
        }
        return result
    }

    /// What members of a group may send to each end that nobody has; without those that get nothing.
    mutating func outgoing(of group: Int) -> [(end: End, traffic: Traffic)] {
        var result: [(end: End, traffic: Traffic)] = []
        for (end, to) in outside {
            var sum = Traffic.none
            for from in cellsOfGroup[group].map({ cells[$0] }) {
                let number = table.number(reach.pair(from.classNumber, to.classNumber))
                sum = sum.union(traffic(number, from.families.intersection(to.families)))
            }
            if !sum.may.isEmpty { result.append((end, sum)) }
        }
        return result
    }

    /// The groups to which an address of these that no workload has may open connections; ascending.
    mutating func groups(openTo addresses: AddressSet) -> [Int] {
        var isFound = [Bool](repeating: false, count: groups.count)
        for (end, from) in outside where !end.addresses.intersection(addresses).isEmpty {
            let row = reach.row(from: from.classNumber).map { table.number($0) }
            for (destination, to) in cells.enumerated() {
                let passage = passage(row[Int(to.classNumber)], from.families.intersection(to.families))
                if passage.contains(.may) { for next in groupsOfCell[destination] { isFound[next] = true } }
            }
        }
        return isFound.indices.filter { isFound[$0] }
    }

    /// What can be sent of a numbered traffic between ends that have these families in common.
    private func traffic(_ number: Int, _ families: Families) -> Traffic {
        if families.isEmpty || table.isNothing(number) { return .none }
        let all = table.traffic[number]
        return Traffic(must: possible(all.must, families), may: possible(all.may, families))
    }

    /// What of a set can be sent between ends with these families; all there is stays all, so that it is called so.
    private func possible(_ set: ServiceSet, _ families: Families) -> ServiceSet {
        let asked = set.intersection(services)
        let possible = asked.subtracting(families.impossible)
        return possible.isEmpty || asked != services ? possible : asked
    }

    /// Whether anything of it can.
    private mutating func passage(_ number: Int, _ families: Families) -> Passage {
        if families.isEmpty || table.isNothing(number) { return .isKnown }
        let place = number * 4 + Int(families.rawValue)
        if place >= passages.count {
            passages += [Passage](repeating: [], count: table.traffic.count * 4 - passages.count)
        }
        if passages[place].contains(.isKnown) { return passages[place] }
        let traffic = traffic(number, families)
        var made: Passage = .isKnown
        if !traffic.must.isEmpty { made.insert(.must) }
        if !traffic.may.isEmpty { made.insert(.may) }
        passages[place] = made
        return made
    }
}

extension Traffic {
    /// What one or the other lets flow.
    func union(_ other: Traffic) -> Traffic {
        Traffic(must: must.union(other.must), may: may.union(other.may))
    }
}
