internal import NetworkTypes
package import PolicyModel

/// What a policy can tell workloads apart by: the columns of an identity.
///
/// Labels that no selector or relation names, ports that no service names and workloads that no expression names are
/// left out, so that workloads which differ only there share an identity.
package struct Vocabulary: Sendable {
    /// The fixed columns, before one column for each label dimension.
    package enum Column {
        /// 1 when a workload owns the address, else 0.
        package static let owned = 0
        /// A number for the workload when the policy names it, else 0.
        static let name = 1
        /// Enforcement mode and whether attributes are enforced; see `Identity`.
        package static let agent = 2
        /// A number for the table of the named ports that the policy uses, 0 for none.
        package static let ports = 3
        /// The signature of the address.
        static let signature = 4
        /// The number of fixed columns.
        static let fixed = 5
    }

    /// The label dimensions that the policy names, in order.
    let keys: [LabelKey]
    /// The same with their values.
    var dimensions: LabelDimensions
    let portNames: Set<PortName>
    private let nameOfWorkload: [WorkloadID: UInt32]
    private var portTables: [[PortName: [ProtocolPort]]: UInt32] = [[:]: 0]
    package private(set) var portTableList: [[PortName: [ProtocolPort]]] = [[:]]
    /// The address space, cut for the policy's sets.
    package let space: AddressSpace
    private let namedSets: [AddressSetID: AddressSet]

    init(_ use: PolicyUse, addressSets: [AddressSetID: AddressSet]) {
        keys = use.keys.sorted()
        dimensions = LabelDimensions(keys)
        portNames = use.ports
        var names: [WorkloadID: UInt32] = [:]
        for (index, id) in use.workloads.sorted().enumerated() { names[id] = UInt32(index + 1) }
        nameOfWorkload = names
        namedSets = addressSets
        space = AddressSpace(sets: use.sets.sorted { $0 < $1 }.compactMap { addressSets[$0] } + use.literals)
    }

    /// The number of columns.
    var width: Int { Column.fixed + keys.count }

    /// The column of a label dimension, or nil when the policy does not name it.
    func column(_ key: LabelKey) -> Int? { dimensions.column(key) }

    /// The code of a value in its dimension; 0 is for an absent label.
    mutating func code(_ value: LabelValue, column: Int) -> UInt32 { dimensions.code(value, column: column) }

    /// The value that a code stands for, nil for an absent label.
    func value(_ code: UInt32, _ column: Int) -> LabelValue? { dimensions.value(code, column) }

    /// The number of a workload that the policy names, else 0.
    func code(_ id: WorkloadID) -> UInt32 { nameOfWorkload.isEmpty ? 0 : nameOfWorkload[id] ?? 0 }

    /// The number of a table of named ports, of which only what the policy names counts.
    mutating func code(_ ports: [PortName: [ProtocolPort]]) -> UInt32 {
        if ports.isEmpty || portNames.isEmpty { return 0 }
        let used = ports.filter { portNames.contains($0.key) }.mapValues { $0.sorted() }
        if let known = portTables[used] { return known }
        let fresh = UInt32(portTableList.count)
        portTables[used] = fresh
        portTableList.append(used)
        return fresh
    }

    /// The number of a set for `AddressSpace.members`, or nil when it is undefined or empty.
    func set(_ id: AddressSetID) -> Int? { namedSets[id].flatMap { space.index(of: $0) } }
}
