import NetworkTypes
import PolicyModel

/// Reads the answer of `GET /api/v2/tailnet/{tailnet}/devices?fields=all` (https://tailscale.com/api, *List tailnet devices*).
///
/// Used are `addresses`, `name`, `hostname`, `nodeId`, `id`, `user`, `tags`, `advertisedRoutes`, `enabledRoutes`, `isExternal`,
/// `authorized` and `blocksIncomingConnections`; the rest is passed over.
struct TailscaleDeviceReader {
    /// How large the answer may be.
    static let maximumBytes = 64 << 20

    var findings: TailscaleFindings
    private(set) var devices: [TailscaleDevice] = []
    private var hasRoutes = false

    init(file: String) { findings = TailscaleFindings(file: file) }

    mutating func read(_ bytes: [UInt8]) {
        guard let root = findings.parse(bytes, maximumBytes: Self.maximumBytes) else { return }
        guard let items = root["devices"]?.array ?? root.array else {
            findings.refuse("wrong-kind", "expected an object with an array `devices`", at: root.place)
            return
        }
        var names: [String: Int] = [:]
        var read: [(device: TailscaleDevice, short: String, long: String)] = []
        for item in items {
            guard let entry = readDevice(item) else { continue }
            names[entry.short, default: 0] += 1
            read.append(entry)
        }
        var taken: Set<String> = []
        var owners: Set<IPAddress> = []
        for entry in read {
            var device = entry.device
            var name = names[entry.short] == 1 ? entry.short : entry.long
            var count = 1
            while !taken.insert(name).inserted {
                count += 1
                name = "\(entry.long)#\(count)"
            }
            device.id = WorkloadID(rawValue: name)
            for address in device.addresses where !owners.insert(address).inserted {
                findings.note(
                    "shared-address", "`\(address)` belongs to several devices", at: nil, effect: .none)
            }
            devices.append(device)
        }
        if !hasRoutes, !devices.isEmpty {
            findings.note(
                "no-routes", "no device has `enabledRoutes`; ask the API with `fields=all`, else no router is known",
                at: root.place, effect: .leftOut)
        }
    }

    private mutating func readDevice(
        _ node: HuJSONNode
    ) -> (device: TailscaleDevice, short: String, long: String)? {
        guard node.object != nil else {
            findings.refuse("wrong-kind", "expected a device, got \(node.value.kind)", at: node.place)
            return nil
        }
        let long = [node["name"], node["hostname"], node["nodeId"], node["id"]].lazy
            .compactMap { $0?.string }.first { !$0.isEmpty }
        guard let long else {
            findings.refuse("missing-key", "expected `name` or `hostname`", at: node.place)
            return nil
        }
        var short = String(long.prefix { $0 != "." })
        if short.isEmpty { short = long }
        if node["authorized"]?.boolean == false {
            findings.note(
                "not-authorized", "\(quoted(long)) is not authorized and takes no part", at: node.place, effect: .none)
            return nil
        }
        var tags: Set<String> = []
        for text in strings(node["tags"]) {
            do throws(TailscaleService.Fault) {
                tags.insert(try TailscaleSelector.tag(text.text))
            } catch {
                findings.refuse(error.code, error.message, at: text.place)
            }
        }
        var device = TailscaleDevice(id: "", kind: tags.isEmpty ? .member : .tagged, tags: tags)
        if node["isExternal"]?.boolean == true {
            device.kind = .shared
            device.tags = []
        }
        if device.kind != .tagged, let user = node["user"]?.string, !user.isEmpty {
            device.user = user
            if TailnetLabels.value(user) == nil {
                findings.refuse("invalid-user", "expected a login name of at most 255 bytes", at: node.place)
            }
        }
        device.isShielded = node["blocksIncomingConnections"]?.boolean == true
        for (text, place) in strings(node["addresses"]) {
            guard let address = Prefix(text).flatMap({ $0.range.lower == $0.range.upper ? $0.address : nil }) else {
                findings.refuse("invalid-address", "expected an address, got \(quoted(text))", at: place)
                continue
            }
            device.addresses.append(address)
        }
        if node["enabledRoutes"] != nil { hasRoutes = true }
        let approved = routes(node["enabledRoutes"])
        let announced = node["advertisedRoutes"].map { routes($0) }
        device.routes = approved.filter { announced?.contains($0) ?? true }
        return (device, short, long)
    }

    private mutating func strings(_ node: HuJSONNode?) -> [(text: String, place: HuJSONPlace)] {
        guard let node, !node.isNull else { return [] }
        guard let items = node.array else {
            findings.refuse("wrong-kind", "expected an array, got \(node.value.kind)", at: node.place)
            return []
        }
        return items.compactMap { item in
            guard let text = item.string else {
                findings.refuse("wrong-kind", "expected a string, got \(item.value.kind)", at: item.place)
                return nil
            }
            return (text, item.place)
        }
    }

    private mutating func routes(_ node: HuJSONNode?) -> [Prefix] {
        strings(node).compactMap { text, place in
            guard let prefix = TailscaleSelector.addresses(text)?.prefixes, prefix.count == 1 else {
                findings.refuse("invalid-address", "expected a block, got \(quoted(text))", at: place)
                return nil
            }
            return prefix.first
        }
    }
}
