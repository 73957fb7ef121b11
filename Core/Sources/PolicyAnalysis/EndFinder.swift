import NetworkTypes
import PolicyEngine
import PolicyModel

/// Finds the ends of an engine.
struct EndFinder {
    private struct Found {
        let owners: [WorkloadID]
        let ranges: [AddressRange]
        let classNumber: UInt32
    }

    private let engine: PolicyEngine
    private let classes: IdentityClasses
    private var found: [Found] = []
    /// How many ends a workload has.
    private var counts: [WorkloadID: Int] = [:]

    /// All ends in order, numbered by their places.
    static func ends(_ engine: PolicyEngine, _ classes: IdentityClasses) -> [End] {
        var finder = EndFinder(engine: engine, classes: classes)
        finder.addWorkloads()
        finder.addShared()
        finder.addExternal()
        let ends = finder.found.map { end in
            let isSplit = end.owners.contains { (finder.counts[$0] ?? 0) > 1 }
            return End(
                owners: end.owners, ranges: end.ranges, extent: isSplit ? .part : .whole, number: 0,
                classNumber: end.classNumber)
        }
        return sorted(ends).enumerated().map { number, end in
            End(
                owners: end.owners, ranges: end.ranges, extent: end.extent, number: number,
                classNumber: end.classNumber)
        }
    }

    /// The ends in order, compared by the first bytes of their names before anything else is looked at.
    private static func sorted(_ ends: [End]) -> [End] {
        let keys = ends.map { end -> UInt128 in
            guard end.owners.count == 1 else { return .max }
            var bytes = end.owners[0].rawValue.utf8.prefix(16).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
            bytes <<= UInt128(8 * max(0, 16 - end.owners[0].rawValue.utf8.count))
            return bytes
        }
        let order = ends.indices.sorted { keys[$0] == keys[$1] ? ends[$0] < ends[$1] : keys[$0] < keys[$1] }
        return order.map { ends[$0] }
    }

    private init(engine: PolicyEngine, classes: IdentityClasses) {
        self.engine = engine
        self.classes = classes
    }

    private mutating func add(_ owners: [WorkloadID], _ addresses: [IPAddress], _ classNumber: UInt32) {
        let ranges =
            addresses.count < 2 ? addresses.map { Prefix($0).range } : AddressSet(addresses.map(Prefix.init)).ranges
        found.append(Found(owners: owners, ranges: ranges, classNumber: classNumber))
        for owner in owners { counts[owner, default: 0] += 1 }
    }

    private mutating func addWorkloads() {
        for (_, workload, identities) in engine.directory.numbered {
            let addresses = workload.distinctAddresses
            if addresses.isEmpty {
                if let identity = identities.first { add([workload.id], [], classes.classOfIdentity[Int(identity)]) }
                continue
            }
            var parts: [(classNumber: UInt32, addresses: [IPAddress])] = []
            for (address, identity) in zip(addresses, identities) where engine.directory.shared[address] == nil {
                let number = classes.classOfIdentity[Int(identity)]
                if let place = parts.firstIndex(where: { $0.classNumber == number }) {
                    parts[place].addresses.append(address)
                } else {
                    parts.append((number, [address]))
                }
            }
            for part in parts { add([workload.id], part.addresses, part.classNumber) }
        }
    }

    private mutating func addShared() {
        struct Key: Hashable {
            let owners: [WorkloadID]
            let classNumber: UInt32
        }
        var parts: [Key: [IPAddress]] = [:]
        for (address, owners) in engine.directory.shared {
            let names = owners.compactMap { engine.directory.workload($0.workload)?.id }
            parts[Key(owners: names, classNumber: classes.number(owners.map(\.identity))), default: []].append(address)
        }
        // The order of a dictionary does not matter: ends are sorted in the end.
        for (key, addresses) in parts { add(key.owners, addresses, key.classNumber) }
    }

    private mutating func addExternal() {
        var owned: [AddressFamily: [UInt128]] = [:]
        for (_, workload, _) in engine.directory.numbered {
            for address in workload.addresses { owned[address.family, default: []].append(address.bits) }
        }
        for family in AddressFamily.allCases {
            var parts: [UInt32: [AddressRange]] = [:]
            var next = 0
            let taken = (owned[family] ?? []).sorted()
            for (interval, signature) in engine.vocabulary.space.intervals(family) {
                var start: UInt128? = interval.lowerBound
                let number = classes.classOfIdentity[Int(engine.unmanaged[Int(signature)])]
                func keep(_ from: UInt128?, upTo last: UInt128) {
                    guard let from, from <= last, let lower = IPAddress(family, bits: from),
                        let upper = IPAddress(family, bits: last), let range = AddressRange(lower, upper)
                    else { return }
                    parts[number, default: []].append(range)
                }
                while next < taken.count, taken[next] <= interval.upperBound {
                    if taken[next] > 0 { keep(start, upTo: taken[next] - 1) }
                    start = taken[next] == .max ? nil : taken[next] + 1
                    next += 1
                }
                keep(start, upTo: interval.upperBound)
            }
            for (number, ranges) in parts {
                found.append(Found(owners: [], ranges: AddressSet(ranges).ranges, classNumber: number))
            }
        }
    }
}
