/// The fields of a Zeek conn log that are read (docs.zeek.org, `base/protocols/conn/main.zeek`, read for 8.2).
enum ZeekField: Int {
    case time, uid, originHost, originPort, responseHost, responsePort, proto, ipProto
    case duration, state, originBytes, responseBytes, originPackets, responsePackets, originIPBytes, responseIPBytes
    case service, system, stream

    static let count = 19

    /// Whether only a conn log has the field, so that it tells an unnamed log from others.
    var connOnly: Bool {
        switch self {
        case .state, .originBytes, .responseBytes, .originPackets, .responsePackets, .originIPBytes, .responseIPBytes:
            true
        case .time, .uid, .originHost, .originPort, .responseHost, .responsePort, .proto, .ipProto, .duration,
            .service, .system, .stream:
            false
        }
    }

    /// The field of that name, nil for what is not read.
    ///
    /// Both `id.orig_h` and `id_orig_h` are written in the wild.
    @inline(__always) init?(name: ByteView) {
        switch name.count {
        case 2:
            guard name.equals("ts") else { return nil }
            self = .time
        case 3:
            guard name.equals("uid") else { return nil }
            self = .uid
        case 5:
            if name.equals("proto") {
                self = .proto
            } else if name.equals("_path") {
                self = .stream
            } else {
                return nil
            }
        case 7:
            if name.equals("service") {
                self = .service
            } else if name.equals("@stream") {
                self = .stream
            } else if name.equals("@system") {
                self = .system
            } else {
                return nil
            }
        case 8:
            if name.equals("duration") {
                self = .duration
            } else if name.equals("ip_proto") {
                self = .ipProto
            } else {
                return nil
            }
        case 9, 10, 12, 13: self.init(longName: name)
        default: return nil
        }
    }

    private init?(longName name: ByteView) {
        let first = name[name.startIndex]
        if first == UInt8(ascii: "i") {
            if name.equals("id.orig_h") || name.equals("id_orig_h") {
                self = .originHost
            } else if name.equals("id.orig_p") || name.equals("id_orig_p") {
                self = .originPort
            } else if name.equals("id.resp_h") || name.equals("id_resp_h") {
                self = .responseHost
            } else if name.equals("id.resp_p") || name.equals("id_resp_p") {
                self = .responsePort
            } else {
                return nil
            }
        } else if first == UInt8(ascii: "o") {
            if name.equals("orig_bytes") {
                self = .originBytes
            } else if name.equals("orig_pkts") {
                self = .originPackets
            } else if name.equals("orig_ip_bytes") {
                self = .originIPBytes
            } else {
                return nil
            }
        } else if first == UInt8(ascii: "r") {
            if name.equals("resp_bytes") {
                self = .responseBytes
            } else if name.equals("resp_pkts") {
                self = .responsePackets
            } else if name.equals("resp_ip_bytes") {
                self = .responseIPBytes
            } else {
                return nil
            }
        } else if name.equals("conn_state") {
            self = .state
        } else if name.equals("_system_name") {
            self = .system
        } else {
            return nil
        }
    }
}

/// The text of each field of one line; `ByteView.none` where the line has none.
struct ZeekRow {
    private var views = InlineArray<19, ByteView>(repeating: .none)
    /// One bit per field whose JSON string has escapes.
    private var escaped: UInt32 = 0
    private(set) var hasConnOnlyField = false

    @inline(__always) subscript(field: ZeekField) -> ByteView { views[field.rawValue] }

    @inline(__always) mutating func set(_ field: ZeekField, _ view: ByteView, escaped isEscaped: Bool = false) {
        views[field.rawValue] = view
        if field.connOnly { hasConnOnlyField = true }
        if isEscaped { escaped |= 1 << UInt32(field.rawValue) }
    }

    /// The field as text; nil when absent or empty.
    func text(_ field: ZeekField) throws(RefusalReason) -> String? {
        let view = self[field]
        guard view.exists, !view.isEmpty else { return nil }
        guard view.count <= DecodeLimits.textLength else { throw .badText }
        let text = escaped >> UInt32(field.rawValue) & 1 == 1 ? JSONText.unescape(view) : view.text
        guard let text else { throw .badText }
        return text
    }
}
