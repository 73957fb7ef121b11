/// The members of a line that `decide` reads or adds; those of a flow are called as `flows decode` prints them.
enum FlowField: Int, CaseIterable {
    case source
    case destination
    case proto
    case sourcePort
    case destinationPort
    case icmpType
    case icmpCode
    case sourceProcess
    case destinationProcess
    case sourcePrincipal
    case destinationPrincipal
    case conditions
    case verdict
    case policyVerdict
    case decidedBy
    case policyDecidedBy
    case reason
    case policyReason
    case deniedSourcePorts
    case policyDeniedSourcePorts

    /// What is added, so that a line in must not have it.
    static let added: [FlowField] = [
        .verdict, .policyVerdict, .decidedBy, .policyDecidedBy, .reason, .policyReason, .deniedSourcePorts,
        .policyDeniedSourcePorts,
    ]

    private struct Entry {
        let name: [UInt8]
        let field: FlowField
    }

    /// The fields by the length of their names.
    private static let byLength: [[Entry]] = {
        var table: [[Entry]] = []
        for field in allCases {
            let name = Array(field.name.utf8)
            while table.count <= name.count { table.append([]) }
            table[name.count].append(Entry(name: name, field: field))
        }
        return table
    }()

    init?(_ name: ArraySlice<UInt8>) {
        guard name.count < Self.byLength.count,
            let entry = Self.byLength[name.count].first(where: { $0.name[...] == name })
        else { return nil }
        self = entry.field
    }

    /// The member's name in JSON.
    var name: String { self == .proto ? "protocol" : "\(self)" }
}
