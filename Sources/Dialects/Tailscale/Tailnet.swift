import NetworkTypes
import PolicyModel

/// The devices of a tailnet and what they carry.
struct Tailnet {
    var devices: [TailscaleDevice]
    /// Whether the devices are those that the API lists; otherwise they stand for what the policy names.
    var isListed: Bool
    /// The addresses of all devices.
    let addresses: AddressSet
    /// The subnets behind all routers, without default routes.
    let subnets: AddressSet
    /// What some exit node takes: whole families without Tailscale's own addresses.
    let exits: AddressSet

    init(devices: [TailscaleDevice], isListed: Bool) {
        self.devices = devices
        self.isListed = isListed
        addresses = AddressSet(devices.flatMap(\.addresses).map { Prefix($0) })
        let routers = devices.filter { $0.kind != .shared && !$0.isShielded }
        subnets = AddressSet(routers.flatMap(\.routes).filter { $0.length > 0 })
        exits = routers.reduce(AddressSet()) { $0.union($1.exits) }.subtracting(TailscalePolicy.ownAddresses)
    }

    /// Everything beyond devices that the tailnet carries.
    var carried: AddressSet { subnets.union(exits).subtracting(addresses) }

    /// The part of a set that a rule with it as its destination opens.
    ///
    /// The service gives a rule's destination, block by block and uncut, to the devices in it, to routers whose subnets it meets and, where
    /// it is public as a whole, to exit nodes; a device passes on what its routes hold. `router` says which devices take part.
    func reach(of set: AddressSet, router: (TailscaleDevice) -> Bool = { _ in true }) -> AddressSet {
        var result = AddressSet()
        let everywhere = TailscalePolicy.internet
        for device in devices where device.kind != .shared && !device.isShielded && !device.routes.isEmpty {
            guard router(device) else { continue }
            let own = AddressSet(device.addresses.map { Prefix($0) })
            let subnets = device.subnets
            let exits = device.exits.subtracting(TailscalePolicy.ownAddresses)
            for range in set.ranges {
                let part = AddressSet([range])
                let meets = !part.intersection(subnets).isEmpty
                if meets { result = result.union(part.intersection(subnets)) }
                guard !exits.isEmpty else { continue }
                let isPublic = part.subtracting(everywhere).isEmpty
                if isPublic || meets || !part.intersection(own).isEmpty {
                    result = result.union(part.intersection(exits))
                }
            }
        }
        return result
    }

    /// The devices that a selector names by what they are; nil for selectors of addresses.
    func devices(of selector: TailscaleSelector, in policy: TailscalePolicy) -> [TailscaleDevice]? {
        switch selector {
        case .tag(let name): devices.filter { $0.tags.contains(name) }
        case .user(let name): devices.filter { $0.kind == .member && Self.names(name, $0.user) }
        case .domain(let domain):
            devices.filter { $0.kind == .member && ($0.user?.hasSuffix("@" + domain) ?? false) }
        case .group(let name):
            (policy.groups[name] ?? []).flatMap { devices(of: .user($0), in: policy) ?? [] }
        case .autogroup(.member): devices.filter { $0.kind == .member }
        case .autogroup(.tagged): devices.filter { $0.kind == .tagged }
        case .autogroup(.shared): devices.filter { $0.kind == .shared }
        case .autogroup(let other) where other.isRole: devices.filter { $0.kind == .member }
        case .autogroup, .everything, .addresses, .host, .ipset, .service: nil
        }
    }

    /// Whether a user as policy writes it is this login name; `ann@` is the user `ann` where names have no domain.
    static func names(_ written: String, _ login: String?) -> Bool {
        guard let login else { return false }
        return login == written || (written.hasSuffix("@") && login == written.dropLast())
    }

    /// The addresses of a selector of addresses, or nil.
    func literal(_ selector: TailscaleSelector, in policy: TailscalePolicy) -> AddressSet? {
        switch selector {
        case .addresses(let set): set
        case .host(let name): policy.hosts[name]
        case .ipset(let name): policy.ipsets[name]
        case .autogroup(.internet): TailscalePolicy.internet
        case .everything, .tag, .group, .user, .domain, .autogroup, .service: nil
        }
    }

    /// The addresses from which a source may come, as the service compiles them.
    func sources(_ selector: TailscaleSelector, in policy: TailscalePolicy) -> AddressSet {
        switch selector {
        case .everything: TailscalePolicy.ownAddresses.union(subnets)
        case .autogroup(.dangerAll): .all
        case .addresses, .host, .ipset, .tag, .group, .user, .domain, .autogroup, .service: ends(selector, in: policy)
        }
    }

    /// The addresses of a destination, uncut; every address for `*`.
    func destinations(_ selector: TailscaleSelector, in policy: TailscalePolicy) -> AddressSet {
        switch selector {
        case .everything: .all
        case .addresses, .host, .ipset, .tag, .group, .user, .domain, .autogroup, .service: ends(selector, in: policy)
        }
    }

    private func ends(_ selector: TailscaleSelector, in policy: TailscalePolicy) -> AddressSet {
        if let devices = devices(of: selector, in: policy) {
            return AddressSet(devices.flatMap(\.addresses).map { Prefix($0) })
        }
        return literal(selector, in: policy) ?? AddressSet()
    }
}
