import FlowAnalysis
import NetworkTypes
import PolicyModel
import Reports

/// The map as a table.
struct MapText {
    private let context: CommandContext
    private let top: Int

    init(_ context: CommandContext, top: Int) {
        self.context = context
        self.top = top
    }

    func print(_ map: FlowMap) throws {
        try context.printFitted(heading(map))
        guard let total = map.total else {
            try context.printFitted("no connections")
            return
        }
        let width = context.width ?? .max
        let hasVerdicts = total.policy != nil
        var columns: [(heading: String, alignment: Table.Alignment)] = [("from", .left), ("to", .left)]
        columns += [("services", .left), ("conns", .right)]
        if hasVerdicts { columns.append(("denied", .right)) }
        if width >= 72 { columns.append(("failed", .right)) }
        if width >= 90 { columns.append(("bytes", .right)) }
        if width >= 110 { columns += [("first seen", .left), ("last seen", .left)] }
        let missing =
            (width < 72 ? ["failed"] : []) + (width < 90 ? ["bytes"] : [])
            + (width < 110 ? ["first seen", "last seen"] : [])
        var table = Table(columns)
        for edge in map.edges.prefix(top) {
            var cells = [
                "\(edge.source)", "\(edge.destination)", MapWords.services(edge.services), "\(edge.total.connections)",
            ]
            if hasVerdicts { cells.append(denied(edge.total)) }
            if width >= 72 { cells.append("\(edge.total.failed)") }
            if width >= 90 { cells.append(FlowsAmount.bytes(edge.total.bytes)) }
            if width >= 110 {
                cells += [FlowsAmount.minute(edge.total.firstSeen), FlowsAmount.minute(edge.total.lastSeen)]
            }
            table.add(cells)
        }
        for line in table.lines(width: context.width) { try context.print(line) }
        try context.sayLeftOut(missing)
        if map.edges.count > top {
            try context.printFitted(
                "and \(FlowsAmount.text(map.edges.count - top, "edge")) more; `--top` or `--format json` shows them")
        }
        try context.printFitted(
            "\(FlowsAmount.text(total.connections, "connection")), \(total.failed) failed, "
                + "\(FlowsAmount.bytes(total.bytes)), \(FlowsAmount.minute(total.firstSeen)) to "
                + "\(FlowsAmount.minute(total.lastSeen)) UTC")
        if let policy = total.policy, let effective = total.effective {
            try context.printFitted("policy:    \(verdicts(policy))")
            try context.printFitted("effective: \(verdicts(effective))")
        }
    }

    private func heading(_ map: FlowMap) -> String {
        switch map.grouping {
        case .labels(let keys): "by " + keys.map(\.description).joined(separator: "/")
        case .subnetsWithoutPolicy: "by subnet, since without --policy there are no labels"
        case .subnetsWithoutLabels(let keys):
            "by subnet, since no address here is a workload with a label of "
                + keys.map(\.description).joined(separator: ", ")
        }
    }

    /// Policy verdicts: how many are denied, and how many are not decided.
    private func denied(_ count: TrafficCount) -> String {
        guard let policy = count.policy else { return "-" }
        return "\(policy.denied)" + (policy.undecided > 0 ? " +\(policy.undecided)?" : "")
    }

    private func verdicts(_ count: VerdictCount) -> String {
        "\(count.allowed) allowed, \(count.denied) denied, \(count.undecided) undecided"
    }
}
