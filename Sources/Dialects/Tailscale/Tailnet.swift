import NetworkTypes
import PolicyModel

/// The devices of a tailnet and what they carry.
struct Tailnet {
    let devices: [TailscaleDevice]
    /// Whether the devices are those that the API lists; otherwise they stand for what the policy names.
    let isListed: Bool
    /// The addresses of all devices.
    let addresses: AddressSet
    /// The subnets behind all routers, without default routes.
    let subnets: AddressSet
    /// What some exit node takes: whole families without Tailscale's own addresses.
    let exits: AddressSet
    /// The places in `devices` of the untagged devices of each user, and of the devices with each tag.
    private let ofUser: [String: [Int]]
    private let ofTag: [String: [Int]]

    init(devices: [TailscaleDevice], isListed: Bool) {
        self.devices = devices
        self.isListed = isListed
        addresses = AddressSet(devices.flatMap(\.addresses).map { Prefix($0) })
        let routers = devices.filter { $0.kind != .shared && !$0.isShielded }
        subnets = AddressSet(routers.flatMap(\.routes).filter { $0.length > 0 })
        var ofUser: [String: [Int]] = [:]
        var ofTag: [String: [Int]] = [:]
        for (index, device) in devices.enumerated() {
            if device.kind == .member, let user = device.user { ofUser[user, default: []].append(index) }
            for tag in device.tags { ofTag[tag, default: []].append(index) }
        }
        self.ofUser = ofUser
        self.ofTag = ofTag
        exits = routers.reduce(AddressSet()) { $0.union($1.exits) }.subtracting(TailscalePolicy.ownAddresses)
    }

    /// Everything beyond devices that the tailnet carries.
    var carried: AddressSet { subnets.union(exits).subtracting(addresses) }

    /// The part of a set that a rule with it as its destination opens beyond devices.
    ///
    /// The service gives a rule's destination, uncut, to every device whose addresses or approved routes, default routes among them, it
    /// meets; so whatever serves an address of it accepts it. `router` says which devices take part.
    func reach(of set: AddressSet, router: (TailscaleDevice) -> Bool = { _ in true }) -> AddressSet {
        let routers = devices.filter { $0.kind != .shared && !$0.isShielded && !$0.routes.isEmpty && router($0) }
        let served = routers.reduce(AddressSet()) { result, device in
            result.union(device.subnets).union(device.exits.subtracting(TailscalePolicy.ownAddresses))
        }
        return set.intersection(served).subtracting(addresses)
    }

    /// The devices that a selector names by what they are; nil for selectors of addresses.
    func devices(of selector: TailscaleSelector, in policy: TailscalePolicy) -> [TailscaleDevice]? {
        switch selector {
        case .tag(let name): (ofTag[name] ?? []).map { devices[$0] }
        case .user(let name): devices(ofUser: name)
        case .domain(let domain):
            devices.filter { $0.kind == .member && ($0.user?.hasSuffix("@" + domain) ?? false) }
        case .group(let name):
            (policy.groups[name] ?? []).flatMap { devices(ofUser: $0) }
        case .autogroup(.member): devices.filter { $0.kind == .member }
        case .autogroup(.tagged): devices.filter { $0.kind == .tagged }
        case .autogroup(.shared): devices.filter { $0.kind == .shared }
        case .autogroup(let other) where other.isRole: devices.filter { $0.kind == .member }
        case .autogroup, .everything, .addresses, .host, .ipset, .service: nil
        }
    }

    /// The untagged devices of a user as policy writes it; `ann@` is the user `ann` where names have no domain.
    func devices(ofUser written: String) -> [TailscaleDevice] {
        let exact = ofUser[written] ?? []
        let short = written.hasSuffix("@") ? ofUser[String(written.dropLast())] ?? [] : []
        return (exact + short).map { devices[$0] }
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
