import NetworkTypes
import PolicyModel

/// A device of a tailnet.
struct TailscaleDevice: Hashable {
    /// Whose it is, as rules see it.
    enum Kind: String {
        /// An untagged device of one of the tailnet's users.
        case member
        /// A device with tags; its user means nothing.
        case tagged
        /// A device of another tailnet, shared into this one.
        case shared
    }

    /// Its unique name: the first label of its MagicDNS name, or the whole where that is not unique.
    var id: WorkloadID
    var kind: Kind
    /// The login name of an untagged device's user.
    var user: String?
    /// Its tags, without `tag:`.
    var tags: Set<String> = []
    var addresses: [IPAddress] = []
    /// The routes that it announces and an admin approved.
    var routes: [Prefix] = []
    /// Whether it takes no connection at all (`--shields-up`).
    var isShielded = false

    /// Routes that are no default route.
    var subnets: AddressSet { AddressSet(routes.filter { $0.length > 0 }) }

    /// The families for which it is an exit node.
    var exits: AddressSet { AddressSet(routes.filter { $0.length == 0 }) }

    /// What the flat form knows of it.
    var workload: Workload {
        var labels: Labels = [:]
        func label(_ key: LabelKey?, _ value: LabelValue?) {
            if let key, let value { labels[key] = value }
        }
        label(TailnetLabels.kind, LabelValue(kind.rawValue))
        label(TailnetLabels.user, user.flatMap { TailnetLabels.value($0) })
        for tag in tags.sorted() { label(TailnetLabels.tag(tag), LabelValue("true")) }
        return Workload(id: id, labels: labels, addresses: addresses)
    }
}

/// The labels that a device has in the flat form.
enum TailnetLabels {
    /// `tailnet`: `member`, `tagged` or `shared`; no other workload has it.
    static let kind = LabelKey("tailnet")
    /// `user`: the login name of an untagged device's user.
    static let user = LabelKey("user")

    /// `tag/NAME`, which is `true` where a device has the tag.
    static func tag(_ name: String) -> LabelKey? { LabelKey("tag/\(name)") }

    /// A login name as a label's value: bytes that a value cannot hold, and `%`, are written `%XX`; nil beyond 255 bytes.
    static func value(_ user: String) -> LabelValue? {
        let digits = Array("0123456789ABCDEF")
        var text = ""
        for byte in user.utf8 {
            if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "%") {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text.append("%")
                text.append(digits[Int(byte >> 4)])
                text.append(digits[Int(byte & 15)])
            }
        }
        return LabelValue(text)
    }

    /// Every device of the tailnet.
    static var anyDevice: EndExpression { kind.map { .selector(.exists($0)) } ?? .union([]) }

    /// The devices of one kind.
    static func devices(_ kind: TailscaleDevice.Kind) -> EndExpression {
        guard let key = self.kind, let value = LabelValue(kind.rawValue) else { return .union([]) }
        return .selector(.equals(key, value))
    }

    /// The untagged devices of the users.
    static func devices(ofUsers users: [String]) -> EndExpression {
        guard let key = self.kind, let member = LabelValue(TailscaleDevice.Kind.member.rawValue), let user else {
            return .union([])
        }
        return .selector(.and([.equals(key, member), .isIn(user, users.compactMap { value($0) })]))
    }

    /// The devices with a tag.
    static func devices(withTag name: String) -> EndExpression {
        guard let key = tag(name), let value = LabelValue("true") else { return .union([]) }
        return .selector(.equals(key, value))
    }
}
