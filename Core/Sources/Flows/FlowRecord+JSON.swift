import NetworkTypes

extension FlowRecord {
    /// Appends the normalised form: one JSON object in a fixed key order, without the line feed.
    ///
    /// What is unknown is left out. Keys: `source`, `sourcePort`, `destination`, `destinationPort`, `protocol`,
    /// `icmpType`, `icmpCode`, `icmpId`, `originalDestination`, `originalDestinationPort`, `start`, `end` (RFC 3339,
    /// UTC), `initiatorPackets`, `initiatorBytes`, `responderPackets`, `responderBytes`, `state`, `stateText`,
    /// `stage`, `lifetime` (seconds), `direction`, `observationPoint`, `uid`, `service`.
    public func appendJSON(to out: inout [UInt8]) {
        var object = JSONObjectWriter(&out)
        object.member("source", tuple.source.description, to: &out)
        if tuple.proto.hasPorts { object.member("sourcePort", tuple.sourcePort, to: &out) }
        object.member("destination", tuple.destination.description, to: &out)
        if tuple.proto.hasPorts { object.member("destinationPort", tuple.destinationPort, to: &out) }
        object.member("protocol", tuple.proto.description, to: &out)
        if let icmp {
            object.member("icmpType", icmp.type, to: &out)
            object.member("icmpCode", icmp.code, to: &out)
        }
        if let icmpIdentifier { object.member("icmpId", icmpIdentifier, to: &out) }
        if let originalDestination {
            object.member("originalDestination", originalDestination.address.description, to: &out)
            if tuple.proto.hasPorts { object.member("originalDestinationPort", originalDestination.port, to: &out) }
        }
        if let start { object.member("start", start.utcText, to: &out) }
        if let end { object.member("end", end.utcText, to: &out) }
        if let count = initiator.packets { object.member("initiatorPackets", count, to: &out) }
        if let count = initiator.bytes { object.member("initiatorBytes", count, to: &out) }
        if let count = responder.packets { object.member("responderPackets", count, to: &out) }
        if let count = responder.bytes { object.member("responderBytes", count, to: &out) }
        object.member("state", state.rawValue, to: &out)
        if let stateText { object.member("stateText", stateText, to: &out) }
        switch stage {
        case .complete: object.member("stage", "complete", to: &out)
        case .opened(let lifetime):
            object.member("stage", "opened", to: &out)
            object.member("lifetime", lifetime, to: &out)
        case .alive(let lifetime):
            object.member("stage", "alive", to: &out)
            object.member("lifetime", lifetime, to: &out)
        case .closed: object.member("stage", "closed", to: &out)
        }
        object.member("direction", direction.rawValue, to: &out)
        if let observationPoint { object.member("observationPoint", observationPoint.name, to: &out) }
        if let uid { object.member("uid", uid, to: &out) }
        if let service { object.member("service", service, to: &out) }
        object.close(&out)
    }

    /// The normalised form as text, without the line feed.
    public var json: String {
        var out: [UInt8] = []
        appendJSON(to: &out)
        return String(decoding: out, as: UTF8.self)
    }
}
