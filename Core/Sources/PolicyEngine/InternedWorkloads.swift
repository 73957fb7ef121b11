internal import NetworkTypes
internal import PolicyModel

/// Workloads with what policy tells them apart by as numbers, in flat columns.
struct InternedWorkloads: Sendable {
    /// Where the addresses of a workload stand; one place without an address for a workload that has none.
    struct Span: Sendable {
        var first: UInt32
        var count: UInt32
        var range: Range<Int> { Int(first)..<Int(first) + Int(count) }
    }

    /// The columns that every workload has a code in.
    struct Fixed: Sendable {
        let name: UInt32
        let agent: UInt32
        let ports: UInt32
    }

    /// A label that the policy names.
    struct Label: Sendable {
        let column: UInt32
        let code: UInt32
    }

    /// The workloads, each name once; of several with one name the last told.
    private(set) var told: [Workload]
    /// Their numbers by name.
    private(set) var names: ItemIndex
    private(set) var fixed: [Fixed] = []
    /// Where the labels of each workload end; they begin where those of the one before end.
    private(set) var labelEnds: [UInt32] = []
    private(set) var labels: [Label] = []
    private(set) var spans: [Span] = []
    /// The distinct addresses of each workload, ascending.
    private(set) var addresses: [IPAddress] = []

    init(_ workloads: [Workload], _ vocabulary: inout Vocabulary) {
        (told, names) = Self.distinct(workloads)
        fixed.reserveCapacity(told.count)
        labelEnds.reserveCapacity(told.count)
        labels.reserveCapacity(told.count * min(4, vocabulary.keys.count))
        spans.reserveCapacity(told.count)
        addresses.reserveCapacity(told.count + told.count / 8)
        for workload in told {
            fixed.append(
                Fixed(
                    name: vocabulary.code(workload.id), agent: AgentColumn.code(workload),
                    ports: vocabulary.code(workload.namedPorts)))
            for (key, value) in workload.labels {
                guard let column = vocabulary.column(key) else { continue }
                labels.append(Label(column: UInt32(column), code: vocabulary.code(value, column: column)))
            }
            labelEnds.append(UInt32(labels.count))
            let first = addresses.count
            switch workload.addresses.count {
            case 0: addresses.append(.nowhere)
            case 1: addresses.append(workload.addresses[0])
            default: addresses += workload.distinctAddresses
            }
            spans.append(Span(first: UInt32(first), count: UInt32(addresses.count - first)))
        }
    }

    private static func distinct(_ workloads: [Workload]) -> (told: [Workload], names: ItemIndex) {
        var names = ItemIndex(capacity: workloads.count)
        var told = workloads
        var count = 0
        for number in workloads.indices {
            let id = workloads[number].id
            let hash = ContentHash.of(id.rawValue)
            if let known = names.firstOrEnter(count, hash, where: { told[$0].id == id }) {
                told[known] = workloads[number]
                continue
            }
            // As long as no name came twice, the list that was told is the list that is kept.
            if count != number { told[count] = workloads[number] }
            count += 1
        }
        told.removeLast(told.count - count)
        return (told, names)
    }
}

extension IPAddress {
    /// Stands where a workload has no address; it is not entered as anybody's.
    static let nowhere = IPAddress(ipv4: 0)
}
