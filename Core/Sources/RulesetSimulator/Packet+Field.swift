import NetworkTypes

/// A packet at one base chain: what of it the kernel can read there.
struct Reading {
    let packet: Packet
    let hook: Hook
    /// What `ct state` reads; `notrack` and chains before connection tracking change it.
    var state: Packet.ConnectionState
    private let original: FiveTuple
    /// Asked by nearly every rule; comparing raw enums is slow in debug builds.
    private let isIPv4: Bool
    private let isLaterFragment: Bool
    private let inputName: UInt128
    private let outputName: UInt128

    init(_ packet: Packet, hook: Hook) {
        self.packet = packet
        self.hook = hook
        state = packet.state
        isIPv4 = packet.family == .ipv4
        isLaterFragment = packet.isLaterFragment
        inputName = hook.hasInputInterface ? Datatype.pack(Array(packet.inputInterface.utf8.prefix(15))) : 0
        outputName = hook.hasOutputInterface ? Datatype.pack(Array(packet.outputInterface.utf8.prefix(15))) : 0
        let own = FiveTuple(
            proto: packet.proto, source: packet.source, sourcePort: packet.sourcePort, destination: packet.destination,
            destinationPort: packet.destinationPort)
        original = packet.original ?? (packet.direction == .reply ? own.reversed : own)
    }

    /// The value of a field, or nil when the kernel cannot read it, which ends the rule without a match (`NFT_BREAK`).
    func value(_ field: Field) -> UInt128? {
        switch field {
        case .ipSource: isIPv4 ? packet.source.bits : nil
        case .ipDestination: isIPv4 ? packet.destination.bits : nil
        case .ipProtocol: isIPv4 ? UInt128(packet.proto.rawValue) : nil
        case .ipTTL: isIPv4 ? UInt128(packet.hopLimit) : nil
        case .ipFragment: isIPv4 ? UInt128(packet.fragmentField) : nil
        case .ip6Source: !isIPv4 ? Self.wide(packet.source) : nil
        case .ip6Destination: !isIPv4 ? Self.wide(packet.destination) : nil
        case .ip6NextHeader:
            !isIPv4 ? UInt128((packet.firstNextHeader ?? packet.proto).rawValue) : nil
        case .ip6HopLimit: !isIPv4 ? UInt128(packet.hopLimit) : nil
        case .thSource, .tcpSource, .udpSource, .udpliteSource, .sctpSource, .dccpSource: transportWord(0)
        case .thDestination, .tcpDestination, .udpDestination, .udpliteDestination, .sctpDestination,
            .dccpDestination:
            transportWord(1)
        case .tcpFlags: isLaterFragment ? nil : UInt128(packet.tcpFlags.rawValue)
        case .icmpType, .icmpv6Type: isLaterFragment ? nil : UInt128(packet.icmpType)
        case .icmpCode, .icmpv6Code: isLaterFragment ? nil : UInt128(packet.icmpCode)
        case .metaL4proto: UInt128(packet.proto.rawValue)
        case .metaNfproto: isIPv4 ? 2 : 10
        case .metaProtocol: isIPv4 ? 0x0800 : 0x86DD
        case .metaIif, .metaIifname: inputName
        case .metaOif, .metaOifname: outputName
        case .metaPkttype: UInt128(packet.kind.rawValue)
        case .metaSkuid: packet.user.map { UInt128($0) }
        case .metaMark: UInt128(packet.mark)
        case .metaTime: UInt128(truncatingIfNeeded: max(0, packet.time.rawValue))
        case .ctState: UInt128(state.rawValue)
        case .ctDirection: tracked(UInt128(packet.direction.rawValue))
        case .ctStatus: tracked(UInt128(packet.connectionStatus))
        case .ctMark: tracked(UInt128(packet.connectionMark))
        case .ctOriginalIPSource: isIPv4 ? tracked(original.source.bits) : nil
        case .ctOriginalIPDestination: isIPv4 ? tracked(original.destination.bits) : nil
        case .ctOriginalIP6Source: !isIPv4 ? tracked(Self.wide(original.source)) : nil
        case .ctOriginalIP6Destination: !isIPv4 ? tracked(Self.wide(original.destination)) : nil
        case .ctOriginalSourcePort: tracked(UInt128(original.sourcePort))
        case .ctOriginalDestinationPort: tracked(UInt128(original.destinationPort))
        case .fibReversePath: packet.hasReversePath ? 1 : 0
        case .fibSourceRoute: packet.hasSourceRoute ? 1 : 0
        case .fibSourceType: UInt128(packet.sourceType.rawValue)
        case .fibDestinationType: UInt128(packet.destinationType.rawValue)
        }
    }

    /// The first or second 16-bit word behind the IP headers; a later fragment has none (`nft_payload_eval`).
    ///
    /// For ICMP the first word is type and code, the second the checksum (RFC 792): what `th` reads is not a port.
    private func transportWord(_ index: Int) -> UInt128? {
        if isLaterFragment { return nil }
        if packet.proto.isICMP {
            let first = UInt16(packet.icmpType) << 8 | UInt16(packet.icmpCode)
            return UInt128(index == 0 ? first : packet.icmpChecksum)
        }
        return UInt128(index == 0 ? packet.sourcePort : packet.destinationPort)
    }

    private func tracked(_ value: UInt128) -> UInt128? {
        switch state {
        case .invalid, .untracked: nil
        case .new, .established, .related: value
        }
    }

    /// The 128 bits that stand in an IPv6 header.
    private static func wide(_ address: IPAddress) -> UInt128 {
        address.family == .ipv6 ? address.bits : 0xFFFF << 32 | address.bits
    }
}
