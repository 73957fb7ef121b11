import Flows
public import NetworkTypes
public import PolicyModel

/// A label that a host may have, with why.
public struct LabelProposal: Hashable, Sendable {
    /// What a proposal rests on.
    public enum Reason: Hashable, Sendable {
        /// A list of hosts states it.
        case stated
        /// A word of the host's name.
        case name(String)
        /// A service that so many hosts ask for.
        case serves(MapService, clients: Int)
        /// The host asks others and serves nobody.
        case onlyAsks
        /// Hosts that ask for, and serve, the same: how many there are.
        case alike(Int)
        /// The subnet of its address.
        case subnet(Prefix)
    }

    /// The dimension.
    public let key: LabelKey
    /// The value.
    public let value: LabelValue
    /// Why.
    public let reason: Reason

    /// How sure it is, in percent: what people state is, what a name or a port says mostly, likeness and subnets hint.
    public var confidence: Int {
        switch reason {
        case .stated: 100
        case .serves(_, let clients): clients > 1 ? 90 : 70
        case .name: 80
        case .onlyAsks: 60
        case .alike: 50
        case .subnet: 50
        }
    }
}

/// A host that traffic shows, with what it may be.
public struct HostProposal: Sendable {
    /// Its name: the one that is stated or that DNS gives, else one made of its address.
    public let name: String
    /// Its addresses, of which each was seen or is stated.
    public let addresses: [IPAddress]
    /// The labels, by key.
    public let labels: [LabelProposal]

    /// The workload that people may take over.
    public var workload: Workload {
        Workload(
            id: WorkloadID(rawValue: name),
            labels: Dictionary(labels.map { ($0.key, $0.value) }) { first, _ in first }, addresses: addresses)
    }
}

/// Something about an inventory that people should look at.
public enum InventoryIssue: Hashable, Sendable {
    /// Several workloads have the address.
    case duplicateAddress(IPAddress, [WorkloadID])
    /// What the workload serves or is called speaks for another value.
    case mislabel(WorkloadID, LabelKey, LabelValue, LabelProposal)
    /// The workload lacks a label for which there is a proposal, or not even that.
    case gap(WorkloadID, LabelKey, LabelProposal?)
    /// Nobody ever talked with it.
    case unseen(WorkloadID)
}

/// What is stated about hosts besides their traffic.
public struct HostFacts: Sendable {
    /// Names by address, such as those that DNS answers gave.
    public var names: [IPAddress: String]
    /// Labels by address.
    public var labels: [IPAddress: Labels]

    /// Makes facts.
    public init(names: [IPAddress: String] = [:], labels: [IPAddress: Labels] = [:]) {
        self.names = names
        self.labels = labels
    }
}

/// An inventory proposed from traffic and names, to be reviewed by people.
///
/// Hosts are private addresses that took part in a connection that came about, and what is stated. A name makes no address
/// of the internet a host: whoever runs a server out there gives it any name. Nor is one a host that stands alone in
/// its subnet, asks nobody, has no name and is asked by one host for web pages or what is no known service, since nothing tells it
/// from a stranger's. Labels are `role` (by
/// what a host serves), `env` and `app` (by its name, else by who talks alike) and `net` (its subnet).
public struct InventorySuggestion: Sendable {
    /// Hosts of no known workload, by address.
    public let hosts: [HostProposal]
    /// Addresses that are no proposed host, since they may be a stranger's; in order.
    public let strangers: [IPAddress]
    /// What is wrong with the known workloads, in their order.
    public let issues: [InventoryIssue]

    /// Suggests from edges.
    ///
    /// Cost: linear in edges, and quadratic in hosts of one role for likeness.
    public init(_ observed: some Sequence<ObservedEdge>, facts: HostFacts = HostFacts(), known: [Workload] = []) {
        var behaviour = HostBehaviour()
        for edge in observed where edge.failed < edge.connections { behaviour.add(edge) }
        var owners: [IPAddress: [WorkloadID]] = [:]
        for workload in known { for address in workload.addresses { owners[address, default: []].append(workload.id) } }
        let seen = behaviour.hosts
        var neighbours: [Prefix: Set<IPAddress>] = [:]
        for address in seen + Array(owners.keys) {
            if let subnet = address.subnet { neighbours[subnet, default: []].insert(address) }
        }
        let lonely = Set(
            seen.filter { address in
                let isAlone = address.subnet.map { neighbours[$0]?.count == 1 } ?? false
                let isTelling = behaviour.role(of: address).map { !["web", "app"].contains($0.role) } ?? false
                return isAlone && !isTelling && owners[address] == nil && facts.names[address] == nil
                    && facts.labels[address] == nil
                    && !behaviour.asks(address) && behaviour.clientCount(of: address) == 1
            })
        strangers = lonely.sorted()
        let addresses = Set(seen).subtracting(lonely).union(facts.labels.keys).filter { owners[$0] == nil }
        let groups = behaviour.alike(addresses)
        // Addresses of one name are one host.
        var byName: [String: [IPAddress]] = [:]
        for address in addresses {
            let name = facts.names[address].flatMap(HostName.clean) ?? AdviceGroup.slug("host-\(address)")
            byName[name, default: []].append(address)
        }
        hosts = byName.map { name, addresses in
            let addresses = addresses.sorted()
            return HostProposal(
                name: name, addresses: addresses,
                labels: Self.labels(addresses, facts.names[addresses[0]], facts, behaviour, groups))
        }.sorted { $0.addresses.lexicographicallyPrecedes($1.addresses) }
        var issues: [InventoryIssue] = owners.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
            .map { .duplicateAddress($0.key, $0.value.sorted()) }
        let keys = ["app", "env", "role"].compactMap { LabelKey($0) }
        for workload in known {
            let proposals = Self.labels(workload.addresses, workload.id.rawValue, facts, behaviour, [:])
            if !workload.addresses.contains(where: behaviour.isSeen) { issues.append(.unseen(workload.id)) }
            for key in keys {
                let proposal = proposals.first { $0.key == key }
                switch (workload.labels[key], proposal) {
                case (nil, _): issues.append(.gap(workload.id, key, proposal))
                case (let value?, let proposal?) where proposal.value != value && proposal.speaksAgainst:
                    issues.append(.mislabel(workload.id, key, value, proposal))
                case (.some, _): break
                }
            }
        }
        self.issues = issues
    }

    private static func labels(
        _ addresses: [IPAddress], _ name: String?, _ facts: HostFacts, _ behaviour: HostBehaviour,
        _ groups: [IPAddress: (number: Int, count: Int)]
    ) -> [LabelProposal] {
        var found: [LabelKey: LabelProposal] = [:]
        func propose(_ key: String, _ value: String, _ reason: LabelProposal.Reason) {
            guard let key = LabelKey(key), let value = LabelValue(value) else { return }
            let new = LabelProposal(key: key, value: value, reason: reason)
            if let old = found[key], old.confidence >= new.confidence { return }
            found[key] = new
        }
        for address in addresses {
            for (key, value) in facts.labels[address] ?? [:] {
                found[key] = LabelProposal(key: key, value: value, reason: .stated)
            }
        }
        for address in addresses {
            if let (role, service, clients) = behaviour.role(of: address) {
                propose("role", role, .serves(service, clients: clients))
            } else if behaviour.asks(address) {
                propose("role", "client", .onlyAsks)
            }
            if let subnet = address.subnet { propose("net", Self.word(subnet), .subnet(subnet)) }
            if let group = groups[address] { propose("app", "group-\(group.number)", .alike(group.count)) }
        }
        if let name {
            let words = HostName.words(name)
            if let (env, word) = HostName.environment(words) { propose("env", env, .name(word)) }
            if let word = HostName.role(words) { propose("role", word, .name(word)) }
            if let word = HostName.application(words) { propose("app", word, .name(word)) }
        }
        return found.values.sorted { $0.key < $1.key }
    }

    private static func word(_ subnet: Prefix) -> String {
        String(subnet.description.map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "-" })
    }
}

extension LabelProposal {
    /// Whether it is strong enough to doubt what somebody wrote down: a served port, or a word of the name.
    fileprivate var speaksAgainst: Bool {
        switch reason {
        case .stated: true
        case .serves(_, let clients): clients > 1
        case .name: true
        case .onlyAsks, .alike, .subnet: false
        }
    }
}

/// What words of host names mean.
enum HostName {
    private static let environments: [String: String] = [
        "prod": "prod", "production": "prod", "prd": "prod", "live": "prod", "dev": "dev", "development": "dev",
        "test": "test",
        "tst": "test", "qa": "test", "uat": "test", "staging": "staging", "stage": "staging", "stg": "staging",
    ]
    private static let roles: Set<String> = [
        "web", "app", "api", "db", "cache", "queue", "dns", "mail", "backup", "proxy",
    ]

    /// The name as policy files take it: lower case, other characters than letters, digits and `_ . - /` as dashes; nil where
    /// nothing is left.
    static func clean(_ name: String) -> String? {
        let text = name.lowercased().prefix(253).map { character -> Character in
            let isPlain = character.isASCII && (character.isLetter || character.isNumber || "_.-/".contains(character))
            return isPlain ? character : "-"
        }
        let begun = text.drop { !$0.isLetter && !$0.isNumber }
        return begun.isEmpty ? nil : String(begun)
    }

    /// The words of the first label of a name, without numbers at their ends: `shop-web-01.example.net` is shop, web.
    static func words(_ name: String) -> [String] {
        let first = name.lowercased().prefix { $0 != "." }
        return first.split { !$0.isLetter && !$0.isNumber }.map { word in
            var word = word
            while let last = word.last, last.isNumber { word.removeLast() }
            return String(word)
        }.filter { !$0.isEmpty }
    }

    static func environment(_ words: [String]) -> (value: String, word: String)? {
        words.lazy.compactMap { word in environments[word].map { ($0, word) } }.first
    }

    static func role(_ words: [String]) -> String? { words.first(where: roles.contains) }

    /// The first word that is no environment and no role, where another word is: a name of one word names a host, not what
    /// it belongs to.
    static func application(_ words: [String]) -> String? {
        guard words.count > 1 else { return nil }
        return words.first { environments[$0] == nil && !roles.contains($0) && $0 != "host" }
    }
}

/// Who serves and asks whom for what.
private struct HostBehaviour {
    private var clients: [IPAddress: [MapService: Set<IPAddress>]] = [:]
    private var asked: [IPAddress: Set<Asked>] = [:]

    private struct Asked: Hashable {
        let destination: IPAddress
        let service: MapService
    }

    mutating func add(_ edge: ObservedEdge) {
        let key = edge.key
        clients[key.destination, default: [:]][key.mapService, default: []].insert(key.source)
        asked[key.source, default: []].insert(Asked(destination: key.destination, service: key.mapService))
    }

    /// Private addresses that asked, or that served and are no broadcast address of their subnet.
    var hosts: [IPAddress] {
        let served = clients.keys.filter { address in
            asked[address] != nil || !(address.family == .ipv4 && address.bits & 0xFF == 0xFF)
        }
        return Set(served).union(asked.keys).filter { AddressKind($0) == .local }
    }

    func isSeen(_ address: IPAddress) -> Bool { asked[address] != nil || clients[address] != nil }
    func asks(_ address: IPAddress) -> Bool { asked[address] != nil }

    /// How many hosts asked it for anything.
    func clientCount(of address: IPAddress) -> Int {
        (clients[address] ?? [:]).values.reduce(into: Set<IPAddress>()) { $0.formUnion($1) }.count
    }

    /// Roles by port (IANA registry), the most telling first: a host with a database and a web page is a database.
    private static let roles: [(role: String, services: Set<MapService>)] = [
        ("directory", tcp(88)), ("db", tcp(1433, 1521, 3306, 5432, 27_017, 9042)), ("cache", tcp(6379, 11_211)),
        ("queue", tcp(5672, 9092, 61_616)), ("dns", KnownService.dns.members), ("mail", tcp(25, 465, 587, 143, 993)),
        ("backup", KnownService.backup.members), ("files", tcp(445, 2049)), ("app", tcp(8080, 8443, 8000, 9000)),
        ("web", tcp(80, 443)), ("ntp", KnownService.ntp.members),
    ]

    private static func tcp(_ ports: UInt16...) -> Set<MapService> {
        Set(ports.map { MapService(proto: .tcp, service: .port($0)) })
    }

    /// The role of what a host serves, with the service that most ask for.
    func role(of address: IPAddress) -> (role: String, service: MapService, clients: Int)? {
        guard let served = clients[address] else { return nil }
        for (role, services) in Self.roles {
            let mine = served.filter { services.contains($0.key) }
            if let best = mine.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) }) {
                return (role, best.key, best.value.count)
            }
        }
        return nil
    }

    /// Hosts of one role of which each asks for half of what the other does, by number of the group; hosts that are like no other
    /// have none.
    func alike(_ addresses: some Collection<IPAddress>) -> [IPAddress: (number: Int, count: Int)] {
        let sorted = addresses.sorted()
        var parents = Array(sorted.indices)
        func root(_ place: Int) -> Int {
            var place = place
            while parents[place] != place { place = parents[place] }
            return place
        }
        let places = Dictionary(grouping: sorted.indices) { role(of: sorted[$0])?.role ?? "" }
        for group in places.values {
            for (number, one) in group.enumerated() {
                guard let mine = asked[sorted[one]], !mine.isEmpty else { continue }
                for other in group[(number + 1)...] {
                    guard let theirs = asked[sorted[other]] else { continue }
                    let both = mine.intersection(theirs).count
                    if both * 2 >= mine.union(theirs).count, both > 0 { parents[root(other)] = root(one) }
                }
            }
        }
        let members = Dictionary(grouping: sorted.indices, by: root).filter { $0.value.count > 1 }
        var result: [IPAddress: (number: Int, count: Int)] = [:]
        for (number, key) in members.keys.sorted().enumerated() {
            for place in members[key] ?? [] { result[sorted[place]] = (number + 1, members[key]?.count ?? 0) }
        }
        return result
    }
}
