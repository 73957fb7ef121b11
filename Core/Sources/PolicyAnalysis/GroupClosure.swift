/// Which groups of a graph reach which in one hop, and in any number of hops.
struct GroupClosure {
    /// A set of groups, a bit each.
    struct Members {
        private var words: [UInt64]

        init(count: Int) { words = Array(repeating: 0, count: (count + 63) / 64) }

        mutating func insert(_ member: Int) { words[member >> 6] |= 1 << UInt64(member & 63) }

        mutating func formUnion(_ other: Members) {
            for place in words.indices { words[place] |= other.words[place] }
        }

        func contains(_ member: Int) -> Bool { words[member >> 6] >> UInt64(member & 63) & 1 == 1 }

        /// The members, ascending.
        var members: [Int] {
            var result: [Int] = []
            for (place, word) in words.enumerated() {
                var rest = word
                while rest != 0 {
                    result.append(place << 6 | rest.trailingZeroBitCount)
                    rest &= rest - 1
                }
            }
            return result
        }
    }

    /// The groups one hop away; a group itself when its members may open connections to each other.
    private(set) var successors: [Members] = []
    /// The strongly connected component of each group.
    private var componentOf: [Int]
    /// The groups that each component reaches; its own when it has a cycle.
    private var reachedOf: [Members] = []
    /// One group of each component.
    private var firstOf: [Int] = []

    /// The groups that members of a group reach in at least one hop, ascending.
    func reached(from group: Int) -> [Int] { reachedOf[componentOf[group]].members }

    init(_ graph: inout WorkloadGraph) {
        let count = graph.groups.count
        for group in 0..<count {
            var next = Members(count: count)
            for successor in graph.successors(of: group, .may) { next.insert(successor) }
            successors.append(next)
        }
        componentOf = Array(repeating: -1, count: count)
        findComponents()
    }

    /// Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972) without recursion; a component is
    /// complete after all that it reaches.
    private mutating func findComponents() {
        var order = [Int](repeating: 0, count: successors.count)
        var low = order
        var isOpen = [Bool](repeating: false, count: successors.count)
        var open: [Int] = []
        var visits: [(group: Int, next: [Int], place: Int)] = []
        var time = 0
        func enter(_ group: Int) {
            time += 1
            order[group] = time
            low[group] = time
            isOpen[group] = true
            open.append(group)
            visits.append((group, successors[group].members, 0))
        }
        for root in successors.indices where order[root] == 0 {
            enter(root)
            while let (group, next, place) = visits.last {
                if place < next.count {
                    visits[visits.count - 1].place += 1
                    let successor = next[place]
                    if order[successor] == 0 {
                        enter(successor)
                    } else if isOpen[successor] {
                        low[group] = min(low[group], order[successor])
                    }
                    continue
                }
                visits.removeLast()
                if let parent = visits.last?.group { low[parent] = min(low[parent], low[group]) }
                guard low[group] == order[group], let start = open.lastIndex(of: group) else { continue }
                let component = Array(open[start...])
                open.removeSubrange(start...)
                for member in component { isOpen[member] = false }
                close(component)
            }
        }
    }

    private mutating func close(_ component: [Int]) {
        let number = reachedOf.count
        for member in component { componentOf[member] = number }
        // Of a component with several groups, each is the successor of another.
        var direct = Members(count: successors.count)
        for member in component { direct.formUnion(successors[member]) }
        // What is nearer comes first; what it reaches is covered by it.
        let beyond = Set(direct.members.map { componentOf[$0] }).subtracting([number]).sorted(by: >)
        var covered = Members(count: successors.count)
        for other in beyond where !covered.contains(firstOf[other]) { covered.formUnion(reachedOf[other]) }
        direct.formUnion(covered)
        reachedOf.append(direct)
        firstOf.append(component[0])
    }
}
