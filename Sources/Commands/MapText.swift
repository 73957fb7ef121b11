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
        let hasVerdicts = total.policy != nil
        var table = Table(
            [("from", .left), ("to", .left), ("services", .left), ("conns", .right)]
                + (hasVerdicts ? [("denied", .right)] : [])
                + [("failed", .right), ("bytes", .right), ("first seen", .left), ("last seen", .left)],
            needs: ["failed": 72, "bytes": 90, "first seen": 110, "last seen": 110])
        for edge in map.edges.prefix(top) {
            table.add(
                [
                    "\(edge.source)", "\(edge.destination)", MapWords.services(edge.services),
                    "\(edge.total.connections)",
                ] + (hasVerdicts ? [denied(edge.total)] : [])
                    + [
                        "\(edge.total.failed)", FlowsAmount.bytes(edge.total.bytes),
                        FlowsAmount.minute(edge.total.firstSeen), FlowsAmount.minute(edge.total.lastSeen),
                    ])
        }
        try context.print(table)
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
