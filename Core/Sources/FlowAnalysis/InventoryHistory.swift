public import NetworkTypes
public import PolicyModel

/// What an inventory said at one instant.
public struct InventoryRecord: Hashable, Sendable {
    /// When it said so.
    public var time: Instant
    /// The workloads; only identifiers, labels and addresses count.
    public var workloads: [Workload]

    /// Makes a record.
    public init(time: Instant, workloads: [Workload]) {
        self.time = time
        self.workloads = workloads
    }
}

/// Who held an address when (semantics §1: addresses belong to an interval of time; §7: simulate).
///
/// A record holds until the next one, the last until now; the first also for the time before it, of which nothing better
/// is known. An address that no record has belongs to whom it belongs in the present, at all times.
public struct InventoryHistory: Sendable {
    /// Which labels a workload of the past has.
    public enum LabelTime: String, Sendable, CaseIterable {
        /// Those of now; a workload that is no more has none, and its address is nobody's.
        case now
        /// Those that it had then.
        case then
    }

    /// A time in which every address belongs to the same workloads.
    public struct Period: Sendable {
        /// From when until before when.
        public let range: Range<Instant>
        /// The workloads by what they were then.
        fileprivate let known: [WorkloadID: Workload]
        /// Who held an address, in order.
        fileprivate let owners: [IPAddress: [WorkloadID]]
    }

    /// Which labels are meant.
    public let labels: LabelTime
    /// All of time, earliest first, each other than the one before; none where nothing was recorded.
    public let periods: [Period]
    /// Addresses that do not belong to the same workloads, with labels of then to workloads of the same labels, in all
    /// periods and in all inventories of the present.
    public let changed: Set<IPAddress>
    /// The addresses of all records.
    private let recorded: Set<IPAddress>

    /// Puts records in order before the inventories of the present, such as those of two policies; of the records of one
    /// instant the last counts.
    public init(_ records: [InventoryRecord], present: [[Workload]], labels: LabelTime) {
        self.labels = labels
        var byTime: [Instant: [Workload]] = [:]
        for record in records { byTime[record.time] = record.workloads }
        var said: [(time: Instant, known: [WorkloadID: Workload])] = []
        for (time, workloads) in byTime.sorted(by: { $0.key < $1.key }) {
            let known = Dictionary(workloads.map { ($0.id, $0) }) { _, last in last }
            if said.last?.known != known { said.append((time, known)) }
        }
        var periods: [Period] = []
        var recorded: Set<IPAddress> = []
        for (index, record) in said.enumerated() {
            let start = index == 0 ? Instant(rawValue: .min) : record.time
            let end = index + 1 < said.count ? said[index + 1].time : Instant(rawValue: .max)
            let owners = Self.owners(record.known.values)
            recorded.formUnion(owners.keys)
            guard start < end else { continue }
            periods.append(Period(range: start..<end, known: record.known, owners: owners))
        }
        self.periods = periods
        self.recorded = recorded
        changed = Self.changed(periods, present, labels, recorded)
    }

    private static func owners(_ workloads: some Sequence<Workload>) -> [IPAddress: [WorkloadID]] {
        var owners: [IPAddress: [WorkloadID]] = [:]
        for workload in workloads {
            for address in workload.addresses { owners[address, default: []].append(workload.id) }
        }
        for address in owners.keys { owners[address]?.sort() }
        return owners
    }

    /// An inventory of the present as it was in a period; workloads that it has and the period had not keep the addresses
    /// that no record has.
    public func workloads(_ present: [Workload], in period: Period) -> [Workload] {
        var result = present.map { workload in
            var workload = workload
            let old = period.known[workload.id]
            workload.addresses = (old?.addresses ?? []) + workload.addresses.filter { !recorded.contains($0) }
            if labels == .then, let old { workload.labels = old.labels }
            return workload
        }
        if labels == .then {
            let there = Set(present.map(\.id))
            result += period.known.values.filter { !there.contains($0.id) }.sorted { $0.id < $1.id }.map {
                Workload(id: $0.id, labels: $0.labels, addresses: $0.addresses)
            }
        }
        return result
    }

    /// The workloads that held an address at an instant, also those that are no more; nil where the present says it.
    public func owners(of address: IPAddress, at instant: Instant) -> [WorkloadID]? {
        guard changed.contains(address) else { return nil }
        // The first that ends later; the very last instant belongs to the last.
        let period = periods.first { instant < $0.range.upperBound } ?? periods.last
        return period.map { $0.owners[address] ?? [] }
    }

    private static func changed(
        _ periods: [Period], _ present: [[Workload]], _ labels: LabelTime, _ recorded: Set<IPAddress>
    ) -> Set<IPAddress> {
        struct Owner: Hashable {
            let id: WorkloadID
            let labels: Labels
        }
        let there = Set(present.joined().map(\.id))
        var first: [IPAddress: Set<Owner>] = [:]
        var changed: Set<IPAddress> = []
        for (index, inventory) in (periods.map { Array($0.known.values) } + present).enumerated() {
            var owners: [IPAddress: Set<Owner>] = [:]
            for workload in inventory where labels == .then || there.contains(workload.id) {
                let owner = Owner(id: workload.id, labels: labels == .then ? workload.labels : [:])
                for address in workload.addresses where recorded.contains(address) {
                    owners[address, default: []].insert(owner)
                }
            }
            if index == 0 {
                first = owners
                continue
            }
            for (address, list) in owners where first[address] != list { changed.insert(address) }
            for address in first.keys where owners[address] == nil { changed.insert(address) }
        }
        return changed
    }
}
