internal import NetworkTypes
internal import PolicyModel

/// Workloads with what policy tells them apart by as numbers, in flat columns.
struct InternedWorkloads: Sendable {
    /// Where the addresses of a workload stand; one place without an address for a workload that has none.
    struct Span: Sendable {
        var first: UInt32
        var count: UInt32
        var hasAddress: Bool
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
        var dimensions = vocabulary.dimensions
        told.withUnsafeBufferPointer { told in
            for number in told.indices {
                fixed.append(
                    Fixed(
                        name: vocabulary.code(told[number].id), agent: AgentColumn.code(told[number]),
                        ports: told[number].namedPorts.isEmpty ? 0 : vocabulary.code(told[number].namedPorts)))
                for (key, value) in told[number].labels {
                    guard let column = dimensions.column(key) else { continue }
                    labels.append(Label(column: UInt32(column), code: dimensions.code(value, column: column)))
                }
                labelEnds.append(UInt32(labels.count))
                let first = addresses.count
                switch told[number].addresses.count {
                case 0: addresses.append(.nowhere)
                case 1: addresses.append(told[number].addresses[0])
                default: addresses += told[number].distinctAddresses
                }
                let hasAddress = !told[number].addresses.isEmpty
                spans.append(
                    Span(first: UInt32(first), count: UInt32(addresses.count - first), hasAddress: hasAddress))
            }
        }
        vocabulary.dimensions = dimensions
    }

    private static func distinct(_ workloads: [Workload]) -> (told: [Workload], names: ItemIndex) {
        var names = ItemIndex(capacity: workloads.count)
        var told = workloads
        var count = 0
        let seed = ContentHash.seed
        for number in workloads.indices {
            let id = workloads[number].id
            let hash = ContentHash.of(id.rawValue, seed: seed)
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
