package import NetworkTypes
package import PolicyModel

/// Who has which address, and with which identity.
///
/// Flat columns with a place for each address of each workload; names and addresses are found through indexes of numbers.
package struct WorkloadDirectory: Sendable {
    /// One owner of an address.
    package struct Owner: Hashable, Sendable {
        /// The workload's number.
        package let workload: Int
        /// The identity of the address when this workload has it.
        package let identity: UInt32
    }

    /// The workloads by number; where a number is free, a workload without name or address.
    private var told: [Workload] = []
    private var isFree: [Bool] = []
    private var free: [Int] = []
    private var names = ItemIndex()
    /// For each workload, its places.
    private var spans: [InternedWorkloads.Span] = []
    /// Runs of places that are free, by their length.
    private var freeSpans: [UInt32: [UInt32]] = [:]
    /// For each place, the address, its owner and the identity that it has then.
    private var addresses: [IPAddress] = []
    private var owners: [UInt32] = []
    private var identities: [UInt32] = []
    /// The places by address; of an address with several owners, one of them.
    private var places = ItemIndex()
    /// Addresses with several owners, ordered by the owners' identifiers.
    package private(set) var shared: [IPAddress: [Owner]] = [:]

    init() {}

    /// A directory of workloads with the identity of each place.
    init(_ workloads: InternedWorkloads, identities: [UInt32]) {
        told = workloads.told
        isFree = Array(repeating: false, count: told.count)
        names = workloads.names
        spans = workloads.spans
        addresses = workloads.addresses
        self.identities = identities
        owners = []
        owners.reserveCapacity(addresses.count)
        places = ItemIndex(capacity: addresses.count)
        let seed = ContentHash.seed
        for number in spans.indices {
            let span = spans[number]
            for _ in 0..<span.count { owners.append(UInt32(number)) }
            if span.hasAddress { for place in span.range { enter(place, seed: seed) } }
        }
    }

    /// The workloads, by identifier.
    var workloads: [Workload] { unordered.sorted { $0.id < $1.id } }

    /// The workloads in no order.
    var unordered: [Workload] { free.isEmpty ? told : told.indices.filter { !isFree[$0] }.map { told[$0] } }

    /// The workload with this number.
    package func workload(_ number: Int) -> Workload? { isFree[number] ? nil : told[number] }

    private func number(of id: WorkloadID) -> Int? {
        names.first(ContentHash.of(id.rawValue)) { told[$0].id == id }
    }

    /// The workload with this name.
    func workload(_ id: WorkloadID) -> Workload? { number(of: id).map { told[$0] } }

    /// Whether a workload has this name.
    func contains(_ id: WorkloadID) -> Bool { number(of: id) != nil }

    /// The identities of the workload's addresses in ascending order of address, or one when it has no address.
    package func identities(of id: WorkloadID) -> [UInt32] {
        number(of: id).map { Array(identities[spans[$0].range]) } ?? []
    }

    private func owner(_ place: Int) -> Owner { Owner(workload: Int(owners[place]), identity: identities[place]) }

    private func place(of address: IPAddress) -> Int? {
        places.first(ContentHash.of(address)) { addresses[$0] == address }
    }

    /// The owners of an address by identifier; none for an unmanaged address.
    package func owners(of address: IPAddress) -> [Owner] {
        if !shared.isEmpty, let several = shared[address] { return several }
        return place(of: address).map { [owner($0)] } ?? []
    }

    /// Every address that has an owner, with its owners; in no order.
    var allOwners: [(address: IPAddress, owners: [Owner])] {
        owned.map { place in (addresses[place], shared[addresses[place]] ?? [owner(place)]) }
    }

    /// Every address that has an owner, with what `make` says of its only owner, or of nil when it has several; in no
    /// order.
    func owned<Value>(_ make: (Owner?) -> Value) -> [(address: IPAddress, class: Value)] {
        owned.map { place in
            (addresses[place], make(shared.isEmpty || shared[addresses[place]] == nil ? owner(place) : nil))
        }
    }

    /// One place for each address that has an owner.
    private var owned: [Int] {
        var result: [Int] = []
        result.reserveCapacity(places.count)
        for number in told.indices where spans[number].hasAddress {
            for place in spans[number].range
            where shared.isEmpty || shared[addresses[place]].map({ $0[0].workload == number }) ?? true {
                result.append(place)
            }
        }
        return result
    }

    /// Every workload with its number and its identities, in order of numbers.
    package var numbered: [(number: Int, workload: Workload, identities: [UInt32])] {
        told.indices.filter { !isFree[$0] }.map { ($0, told[$0], Array(identities[spans[$0].range])) }
    }

    /// The identities of workloads that have more than one address of a family.
    var multiHomedIdentities: Set<UInt32> {
        var result: Set<UInt32> = []
        for number in told.indices where spans[number].count > 1 && isMultiHomed(number) {
            result.formUnion(identities[spans[number].range])
        }
        return result
    }

    mutating func add(_ workload: Workload, identities held: [UInt32]) {
        let number = free.popLast() ?? told.count
        let former = names.firstOrEnter(number, ContentHash.of(workload.id.rawValue)) { told[$0].id == workload.id }
        precondition(former == nil, "a workload is removed before it is added again")
        let span = reserve(UInt32(held.count), hasAddress: !workload.addresses.isEmpty)
        if number == told.count {
            told.append(workload)
            isFree.append(false)
            spans.append(span)
        } else {
            told[number] = workload
            isFree[number] = false
            spans[number] = span
        }
        let own = workload.distinctAddresses
        for (offset, place) in span.range.enumerated() {
            addresses[place] = own.isEmpty ? .nowhere : own[offset]
            owners[place] = UInt32(number)
            identities[place] = held[offset]
            if !own.isEmpty { enter(place) }
        }
    }

    /// Places for a workload.
    private mutating func reserve(_ count: UInt32, hasAddress: Bool) -> InternedWorkloads.Span {
        if let first = freeSpans[count]?.popLast() { return .init(first: first, count: count, hasAddress: hasAddress) }
        let first = UInt32(addresses.count)
        addresses.append(contentsOf: repeatElement(.nowhere, count: Int(count)))
        owners.append(contentsOf: repeatElement(0, count: Int(count)))
        identities.append(contentsOf: repeatElement(0, count: Int(count)))
        return .init(first: first, count: count, hasAddress: hasAddress)
    }

    /// Enters the address of a place.
    private mutating func enter(_ place: Int, seed: UInt64 = ContentHash.seed) {
        let address = addresses[place]
        let former = places.firstOrEnter(place, ContentHash.of(address, seed: seed)) { addresses[$0] == address }
        guard let former else { return }
        // Put in its place among many, not sorted: nobody makes entering slow by giving all one address.
        let (first, next) = (owner(former), owner(place))
        let name = told[next.workload].id
        var low = 0
        var high = shared[address]?.count ?? 1
        while low < high {
            let middle = (low + high) / 2
            let other = shared[address]?[middle] ?? first
            if told[other.workload].id < name { low = middle + 1 } else { high = middle }
        }
        shared[address, default: [first]].insert(next, at: low)
    }

    /// Takes the address of a place out; the place that stands for an address with other owners is then one of theirs.
    private mutating func leave(_ place: Int) {
        let address = addresses[place]
        let several = shared[address] ?? []
        let rest = several.filter { $0.workload != Int(owners[place]) }
        if !several.isEmpty { shared[address] = rest.count > 1 ? rest : nil }
        let hash = ContentHash.of(address)
        guard places.first(hash, where: { $0 == place }) != nil else { return }
        places.remove(place, hash)
        guard let heir = rest.first else { return }
        if let next = spans[heir.workload].range.first(where: { addresses[$0] == address }) { places.enter(next, hash) }
    }

    /// Removes a workload and returns its identities, each to be released once.
    mutating func remove(_ id: WorkloadID) -> [UInt32] {
        guard let number = number(of: id) else { return [] }
        let span = spans[number]
        let held = Array(identities[span.range])
        if span.hasAddress { for place in span.range { leave(place) } }
        names.remove(number, ContentHash.of(id.rawValue))
        told[number] = Workload(id: "")
        isFree[number] = true
        spans[number] = .init(first: 0, count: 0, hasAddress: false)
        freeSpans[span.count, default: []].append(span.first)
        free.append(number)
        return held
    }

    /// Whether the workload has more than one address of a family, so that traffic with itself may cross addresses.
    func isMultiHomed(_ number: Int) -> Bool {
        AddressFamily.allCases.contains { family in
            spans[number].range.count { addresses[$0].family == family } > 1
        }
    }
}

extension Workload {
    /// The addresses in ascending order, each once.
    package var distinctAddresses: [IPAddress] {
        if addresses.count <= 1 { return addresses }
        var result = addresses.sorted()
        var kept = 1
        for place in 1..<result.count where result[place] != result[kept - 1] {
            result[kept] = result[place]
            kept += 1
        }
        result.removeLast(result.count - kept)
        return result
    }
}
