/// The fields of an AWS VPC flow log that are read (AWS, *VPC User Guide*, "Flow log records", "Available fields").
enum VPCField: Int {
    case source, destination, packetSource, packetDestination, sourcePort, destinationPort, proto
    case packets, bytes, start, end, action, logStatus, tcpFlags, interface

    /// The field of that name, nil for what is not read.
    init?(name: ByteView) {
        for (key, field) in Self.names where name.equals(key) {
            self = field
            return
        }
        return nil
    }

    /// Whether a line that names the field is hardly prose.
    var isTelling: Bool {
        switch self {
        case .source, .destination, .packetSource, .packetDestination, .sourcePort, .destinationPort, .logStatus,
            .tcpFlags, .interface:
            true
        case .proto, .packets, .bytes, .start, .end, .action: false
        }
    }

    private static let names: [(StaticString, VPCField)] = [
        ("srcaddr", .source), ("dstaddr", .destination), ("pkt-srcaddr", .packetSource),
        ("pkt-dstaddr", .packetDestination), ("srcport", .sourcePort), ("dstport", .destinationPort),
        ("protocol", .proto), ("packets", .packets), ("bytes", .bytes), ("start", .start), ("end", .end),
        ("action", .action), ("log-status", .logStatus), ("tcp-flags", .tcpFlags), ("interface-id", .interface),
    ]

    /// The columns of the default format, version 2; nil for the version and the account.
    static let defaultColumns: [VPCField?] = [
        nil, nil, .interface, .source, .destination, .sourcePort, .destinationPort, .proto, .packets, .bytes, .start,
        .end, .action, .logStatus,
    ]

    /// The fields that are known and not read; those of versions after 5 are told by their beginnings.
    static func isKnown(_ name: ByteView) -> Bool {
        if name.starts(with: "ecs-") || name.starts(with: "pkt-") || name.starts(with: "sublocation-") { return true }
        for key in unread where name.equals(key) { return true }
        return VPCField(name: name) != nil
    }

    private static let unread: [StaticString] = [
        "version", "account-id", "vpc-id", "subnet-id", "instance-id", "type", "region", "az-id", "flow-direction",
        "traffic-path", "reject-reason", "resource-id", "encryption-status",
    ]
}

/// The text of each field of one line; `ByteView.none` where the line has none or `-`.
struct VPCRow {
    private var views = InlineArray<15, ByteView>(repeating: .none)

    subscript(field: VPCField) -> ByteView {
        get { views[field.rawValue] }
        set { views[field.rawValue] = newValue }
    }
}
