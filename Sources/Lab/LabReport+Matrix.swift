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
        table = Self.table(["from", "to"], counted) { [name($0.source), name($0.destination)] }
        protocols = Self.table(["family", "protocol"], counted) { cell in
            let family = cell.destination.family == .ipv4 ? "IPv4" : "IPv6"
            return [family, cell.proto.isICMP ? "\(cell.proto) echo" : cell.proto.description]
        }
        differences = matrix.disagreements.map { entry in
            let cell = entry.cell
            let service = cell.proto.hasPorts ? "\(cell.proto)/\(cell.port)" : "\(cell.proto) echo"
            return "\(cell.source) → \(cell.destination) \(service): \(entry.before.answer.rawValue) before, "
                + "\(entry.after.answer.rawValue) after, \(LabPath.deciders(entry.verdict))"
        }
    }

    /// Counts cells by a key, in the order in which keys appear first.
    private static func table(
        _ columns: [String], _ entries: [CellMatrix.Entry], by key: (Cell) -> [String]
    ) -> LabTable {
        var sums: [[String]: [Int]] = [:]
        var order: [[String]] = []
        for entry in entries {
            let key = key(entry.cell)
            if sums[key] == nil { order.append(key) }
            var sum = sums[key] ?? [0, 0, 0]
            sum[entry.verdict.outcome == .allowed ? 0 : 1] += 1
            if entry.agrees { sum[2] += 1 }
            sums[key] = sum
        }
        return LabTable(
            columns: columns + ["allowed", "denied", "agree"],
            rows: order.map { $0 + (sums[$0] ?? []).map(String.init) })
    }
}
