import Glibc
import NetworkTypes
import PolicyModel

/// The workloads of a world, drawn from its shape.
struct Inventory {
    private(set) var workloads: [Workload] = []
    private(set) var addresses: [UInt32] = []
    private(set) var dualStack: [Int] = []
    private(set) var groups: [[Int]] = []
    private(set) var groupOf: [Int] = []
    /// The environment of an application that each workload is in.
    private(set) var applicationOf: [Int] = []
    /// The groups of each environment of an application.
    private(set) var groupsOfApplication: [[Int]]
    /// The roles of each application.
    let roles: [[String]]

    static let environments = ["prod", "staging", "test", "dev"]
    private static let environmentWeights = [55.0, 15, 15, 15]
    static let app = Named.key("app")
    static let env = Named.key("env")
    static let role = Named.key("role")
    static let loc = Named.key("loc")

    init(_ shape: WorldShape, _ random: inout SplitMix64) {
        roles = (0..<shape.applications).map { number in
            let extra = ["cache", "queue", "batch"][number / 3 % 3]
            return ["web", "app", "db"] + (number % 3 == 0 ? [extra] : [])
        }
        groupsOfApplication = Array(repeating: [], count: shape.applications * Self.environments.count)
        let apps = (0..<shape.applications).map { Named.value(Named.number("app", $0)) }
        let sites = (0..<shape.sites).map { Named.value(Named.number("site", $0, digits: 2)) }
        let values = Dictionary(
            uniqueKeysWithValues: (Self.environments + ["web", "app", "db", "cache", "queue", "batch"]).map {
                ($0, Named.value($0))
            })
        let teams = (0..<40).map { Named.value(Named.number("team", $0, digits: 2)) }
        let systems = ["debian12", "debian11", "ubuntu24", "rhel9"].map(Named.value)
        let (team, system) = (Named.key("team"), Named.key("os"))
        let appWeights = Self.zipf(shape.applications, 0.6)
        let siteWeights = Self.zipf(shape.sites, 0.4)
        var used = Set<UInt32>()
        var groupIndex: [[Int]: Int] = [:]
        for number in 0..<shape.workloads {
            let app = Self.place(in: appWeights, random.share())
            let env = random.pick(weights: Self.environmentWeights)
            let role = random.pick(weights: roles[app].count == 4 ? [30, 40, 20, 10] : [33, 44, 23])
            let site = Self.place(in: siteWeights, random.share())
            // A site has a /13 of 10.0.0.0/8, filled from its start so that about half of each /24 is in use.
            var address: UInt32 = 0
            repeat {
                let room = max(256, 2 * shape.workloads / 8)
                address = 10 << 24 | UInt32(site % 32) << 19 | UInt32(random.below(room))
            } while !used.insert(address).inserted
            addresses.append(address)
            var own = [IPAddress(ipv4: address)]
            // IPv6 is rolled out application by application.
            if app % 10 == 5 {
                // 2001:db8::/32 is for documentation (RFC 3849).
                own.append(IPAddress(ipv6: 0x2001_0DB8 << 96 | UInt128(address) << 64 | 1))
                dualStack.append(number)
            }
            // Some databases name their site in rules, see `PolicyWriter`.
            let namesSite = roles[app][role] == "db" && app % PolicyWriter.applicationsPerReplication == 0
            let key = [app, env, role, namesSite && site < PolicyWriter.replicatedSites ? site : -1]
            let group = groupIndex[key] ?? groups.count
            if group == groups.count {
                groups.append([])
                groupIndex[key] = group
                groupsOfApplication[app * Self.environments.count + env].append(group)
            }
            groups[group].append(number)
            groupOf.append(group)
            applicationOf.append(app * Self.environments.count + env)
            var labels: Labels = [Self.app: apps[app], Self.loc: sites[site]]
            labels[Self.env] = values[Self.environments[env]]
            labels[Self.role] = values[roles[app][role]]
            labels[team] = teams[app % teams.count]
            labels[system] = random.pick(systems)
            workloads.append(
                Workload(
                    id: WorkloadID(
                        rawValue:
                            "\(apps[app])-\(roles[app][role])-\(Self.environments[env])-\(Named.number("", number, digits: 6))"
                    ),
                    labels: labels, addresses: own, mode: Self.mode(app: app, env: env)))
        }
    }

    /// The mode of an application's environment: enforcement is rolled out environment by environment.
    private static func mode(app: Int, env: Int) -> EnforcementMode? {
        let step = (app * 7 + env * 3) % 10
        switch (env, step) {
        case (0, 0..<6), (1, 0..<3): return .full
        case (0, 6..<8), (_, 3..<5): return .selective
        case (0, _), (_, 5..<8): return .visibility
        case (_, 8): return .idle
        default: return nil
        }
    }

    /// The ends of the shares of a Zipf distribution.
    static func zipf(_ count: Int, _ exponent: Double) -> [Double] {
        var sum = 0.0
        let ends = (1...count).map { rank -> Double in
            sum += pow(Double(rank), -exponent)
            return sum
        }
        return ends.map { $0 / sum }
    }

    /// The first place whose end is above the share.
    static func place(in ends: [Double], _ share: Double) -> Int {
        var low = 0
        var high = ends.count - 1
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > share { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
