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
/// A record holds until the next one; the first also for the time before it, of which nothing better is known. From the
/// last one on the inventory of the present holds.
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
        /// The workloads by what they were then; nil in the present.
        fileprivate let known: [WorkloadID: Workload]?
    }

    /// Which labels are meant.
    public let labels: LabelTime
    /// All of time, earliest first, and the present last.
    public let periods: [Period]
    /// Addresses that do not belong to the same workloads, with labels of then to workloads of the same labels, in all periods.
    public let changed: Set<IPAddress>

    /// Puts records in order before the present; of those of one instant the last counts.
    public init(_ records: [InventoryRecord], present: [Workload], labels: LabelTime) {
        self.labels = labels
        var byTime: [Instant: [Workload]] = [:]
        for record in records { byTime[record.time] = record.workloads }
        let times = byTime.keys.sorted()
        var periods: [Period] = []
        for (index, time) in times.enumerated() {
            let start = index == 0 ? Instant(rawValue: .min) : time
            // The only record says what was before it.
            let end = times.count == 1 ? time : index + 1 < times.count ? times[index + 1] : nil
            guard let end, start < end else { continue }
            let known = Dictionary((byTime[time] ?? []).map { ($0.id, $0) }) { _, last in last }
            periods.append(Period(range: start..<end, known: known))
        }
        periods.append(Period(range: (times.last ?? Instant(rawValue: .min))..<Instant(rawValue: .max), known: nil))
        self.periods = periods
        changed = Self.changed(periods, present, labels)
    }

    /// An inventory of the present as it was in a period; workloads that it has and the period had not are without address.
    public func workloads(_ present: [Workload], in period: Period) -> [Workload] {
        guard let known = period.known else { return present }
        var result = present.map { workload in
            var workload = workload
            workload.addresses = known[workload.id]?.addresses ?? []
            if labels == .then, let old = known[workload.id] { workload.labels = old.labels }
            return workload
        }
        if labels == .then {
            let there = Set(present.map(\.id))
            result += known.values.filter { !there.contains($0.id) }.sorted { $0.id < $1.id }.map {
                Workload(id: $0.id, labels: $0.labels, addresses: $0.addresses)
            }
        }
        return result
    }

    /// The workloads that held an address at an instant, also those that are no more; nil where the present says it.
    public func owners(of address: IPAddress, at instant: Instant) -> [WorkloadID]? {
        guard changed.contains(address), let period = periods.first(where: { $0.range.contains(instant) }),
            let known = period.known
        else { return nil }
        return known.values.filter { $0.addresses.contains(address) }.map(\.id).sorted()
    }

    private static func changed(_ periods: [Period], _ present: [Workload], _ labels: LabelTime) -> Set<IPAddress> {
        struct Owner: Hashable {
            let id: WorkloadID
            let labels: Labels
        }
        let there = Set(present.map(\.id))
        var first: [IPAddress: Set<Owner>] = [:]
        var changed: Set<IPAddress> = []
        for (index, period) in periods.enumerated() {
            var owners: [IPAddress: Set<Owner>] = [:]
            for workload in period.known.map({ Array($0.values) }) ?? present
            where labels == .then || there.contains(workload.id) {
                let owner = Owner(id: workload.id, labels: labels == .then ? workload.labels : [:])
                for address in workload.addresses { owners[address, default: []].insert(owner) }
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
