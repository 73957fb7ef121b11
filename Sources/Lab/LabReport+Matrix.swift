internal import NetworkTypes
internal import PolicyModel

extension LabReport.Matrix {
    /// Sums up cells by source, destination and protocol.
    init(_ matrix: CellMatrix, _ network: LabNetwork) {
        let counted = matrix.counted
        sent = matrix.entries.count
        self.counted = counted.count
        allowed = counted.count { $0.verdict.outcome == .allowed }
        denied = counted.count { $0.verdict.outcome == .denied }
        agreed = counted.count(where: \.agrees)
        func name(_ address: IPAddress) -> String {
            network.hosts.first { $0.addresses.contains(address) }?.name ?? address.description
        }
        var groups: [[String]: (allowed: Int, denied: Int, agreed: Int)] = [:]
        var order: [[String]] = []
        for entry in counted {
            let cell = entry.cell
            let family = cell.destination.family == .ipv4 ? "IPv4" : "IPv6"
            let proto = cell.proto.isICMP ? "echo" : cell.proto.description
            let key = [name(cell.source), name(cell.destination), family, proto]
            if groups[key] == nil { order.append(key) }
            var sum = groups[key] ?? (0, 0, 0)
            if entry.verdict.outcome == .allowed { sum.allowed += 1 } else { sum.denied += 1 }
            if entry.agrees { sum.agreed += 1 }
            groups[key] = sum
        }
        table = LabTable(
            columns: ["from", "to", "family", "proto", "allowed", "denied", "agree"],
            rows: order.map { key in
                let sum = groups[key] ?? (0, 0, 0)
                return key + [sum.allowed, sum.denied, sum.agreed].map(String.init)
            })
        differences = matrix.disagreements.map { entry in
            let cell = entry.cell
            let service = cell.proto.hasPorts ? "\(cell.proto)/\(cell.port)" : "\(cell.proto) echo"
            return "\(cell.source) → \(cell.destination) \(service): \(entry.before.answer.rawValue) before, "
                + "\(entry.after.answer.rawValue) after, \(LabPath.deciders(entry.verdict))"
        }
    }
}
