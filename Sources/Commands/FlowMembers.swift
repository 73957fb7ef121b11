import NetworkTypes
import PolicyModel

/// The members of a line that `decide` knows.
struct FlowMembers {
    private let all: [JSONValue.Member]
    private var values: [JSONValue?]

    init(_ members: [JSONValue.Member]) {
        all = members
        values = Array(repeating: nil, count: FlowField.allCases.count)
        for member in members {
            if let field = FlowField(member.name) { values[field.rawValue] = member.value }
        }
    }

    subscript(_ field: FlowField) -> JSONValue? { values[field.rawValue] }

    /// Names of other tools for what is missing, so that the message can say what to rename.
    private static let otherNames: [FlowField: [String]] = [
        .source: ["src", "id.orig_h", "id_orig_h", "from", "srcIp", "src_ip"],
        .destination: ["dst", "id.resp_h", "id_resp_h", "to", "dstIp", "dst_ip"],
        .destinationPort: ["port", "dport", "id.resp_p", "id_resp_p", "dstPort", "dst_port"],
        .proto: ["proto"],
    ]

    /// What to say when a member is not there.
    func missing(_ field: FlowField, _ why: String = "") -> FlowRefusal {
        let found = all.map { String(decoding: $0.name, as: UTF8.self) }
        let other = (Self.otherNames[field] ?? []).first(where: found.contains)
        let got = other.map { ", got `\($0)` (`bulkhead flows decode` translates flow logs)" } ?? ""
        return FlowRefusal("expected `\(field.name)`\(why.isEmpty ? "" : " \(why)")\(got)")
    }

    func text(_ field: FlowField) throws(FlowRefusal) -> String {
        guard let value = self[field] else { throw missing(field) }
        guard let text = value.text else {
            throw FlowRefusal("expected `\(field.name)` to be text, got \(value.excerpt)")
        }
        return text
    }

    func proto() throws(FlowRefusal) -> IPProtocol {
        guard let value = self[.proto] else { throw missing(.proto) }
        switch value {
        case .string(let bytes), .number(let bytes):
            if let proto = IPProtocol(String(decoding: bytes, as: UTF8.self)) { return proto }
        case .null, .bool, .array, .object: break
        }
        throw FlowRefusal("expected `protocol` to be such as `tcp` or a number from 0 to 255, got \(value.excerpt)")
    }

    func number<Number: FixedWidthInteger & UnsignedInteger>(_ field: FlowField) throws(FlowRefusal) -> Number? {
        guard let value = self[field] else { return nil }
        if case .number(let digits) = value, digits.count <= 5, !digits.isEmpty {
            var sum = 0
            for digit in digits {
                guard (48...57).contains(digit) else { throw wrong(field, Number.max, value) }
                sum = sum * 10 + Int(digit - 48)
            }
            if let number = Number(exactly: sum) { return number }
        }
        throw wrong(field, Number.max, value)
    }

    private func wrong(_ field: FlowField, _ most: some FixedWidthInteger, _ value: JSONValue) -> FlowRefusal {
        FlowRefusal("expected `\(field.name)` to be a whole number from 0 to \(most), got \(value.excerpt)")
    }

    func process(_ field: FlowField) throws(FlowRefusal) -> Attribute<ProcessName> {
        guard let value = self[field] else { return .unknown }
        if case .null = value { return .absent }
        guard let path = value.text, !path.isEmpty else {
            throw FlowRefusal(
                "expected `\(field.name)` to be the path of an executable, or null for none, got \(value.excerpt)")
        }
        return .known(ProcessName(rawValue: path))
    }

    func principal(_ field: FlowField) throws(FlowRefusal) -> Attribute<Principal> {
        guard let value = self[field] else { return .unknown }
        switch value {
        case .null: return .absent
        case .string(let bytes) where !bytes.isEmpty:
            return .known(Principal(name: String(decoding: bytes, as: UTF8.self)))
        case .object(let members):
            if let principal = Self.principal(members) { return .known(principal) }
        case .bool, .number, .string, .array: break
        }
        throw FlowRefusal(
            "expected `\(field.name)` to be a name, an object with `name` and `groups`, or null for none, got "
                + value.excerpt)
    }

    private static func principal(_ members: [JSONValue.Member]) -> Principal? {
        var principal = Principal(name: "")
        for member in members {
            switch (String(decoding: member.name, as: UTF8.self), member.value) {
            case ("name", .string(let bytes)): principal.name = String(decoding: bytes, as: UTF8.self)
            case ("groups", .array(let groups)):
                let names = groups.compactMap(\.text)
                guard names.count == groups.count else { return nil }
                principal.groups = Set(names)
            default: return nil
            }
        }
        return principal.name.isEmpty ? nil : principal
    }

    func conditions() throws(FlowRefusal) -> [ConditionName: Bool] {
        guard let value = self[.conditions] else { return [:] }
        let expected = "expected `conditions` to be an object of true and false, got"
        guard case .object(let members) = value else { throw FlowRefusal("\(expected) \(value.excerpt)") }
        var conditions: [ConditionName: Bool] = [:]
        for member in members {
            guard case .bool(let holds) = member.value else { throw FlowRefusal("\(expected) \(member.value.excerpt)") }
            conditions[ConditionName(rawValue: String(decoding: member.name, as: UTF8.self))] = holds
        }
        return conditions
    }
}
