package import NetworkTypes
package import PolicyModel

/// Who has which address, and with which identity.
package struct WorkloadDirectory: Sendable {
    /// One owner of an address.
    package struct Owner: Hashable, Sendable {
        /// The workload's number.
        package let workload: Int
        /// The identity of the address when this workload has it.
        package let identity: UInt32
    }

    private struct Entry {
        var workload: Workload
        var identities: [UInt32]
    }

    private var entries: [Entry?] = []
    private var free: [Int] = []
    private var numbers: [WorkloadID: Int] = [:]
    private var owners: [IPAddress: Owner] = [:]
    /// Addresses with several owners, ordered by the owners' identifiers.
    package private(set) var shared: [IPAddress: [Owner]] = [:]

    mutating func reserve(_ count: Int) {
        entries.reserveCapacity(count)
        numbers.reserveCapacity(count)
        owners.reserveCapacity(count)
    }

    /// The workloads, by identifier.
    var workloads: [Workload] { entries.compactMap { $0?.workload }.sorted { $0.id < $1.id } }

    /// The workload with this number.
    package func workload(_ number: Int) -> Workload? { entries[number]?.workload }

    /// The workload with this name.
    func workload(_ id: WorkloadID) -> Workload? { numbers[id].flatMap(workload) }

    /// Whether a workload has this name.
    func contains(_ id: WorkloadID) -> Bool { numbers[id] != nil }

    /// The identities of the workload's addresses in ascending order of address, or one when it has no address.
    package func identities(of id: WorkloadID) -> [UInt32] { numbers[id].flatMap { entries[$0]?.identities } ?? [] }

    /// The owners of an address by identifier; none for an unmanaged address.
    package func owners(of address: IPAddress) -> [Owner] {
        if !shared.isEmpty, let several = shared[address] { return several }
        return owners[address].map { [$0] } ?? []
    }

    /// The owner of an address that has exactly one.
    func soleOwner(of address: IPAddress) -> Owner? {
        if !shared.isEmpty, shared[address] != nil { return nil }
        return owners[address]
    }

    /// Every address that has an owner, with its owners; in no order.
    var allOwners: [(address: IPAddress, owners: [Owner])] {
        owners.map { ($0.key, shared[$0.key] ?? [$0.value]) }
    }

    /// Every address that has an owner, with what `make` says of its only owner, or of nil when it has several; in no
    /// order.
    func owned<Value>(_ make: (Owner?) -> Value) -> [(address: IPAddress, class: Value)] {
        if shared.isEmpty { return owners.map { ($0.key, make($0.value)) } }
        return owners.map { ($0.key, make(shared[$0.key] == nil ? $0.value : nil)) }
    }

    /// Every workload with its number and its identities; in no order.
    package var numbered: [(number: Int, workload: Workload, identities: [UInt32])] {
        entries.enumerated().compactMap { number, entry in entry.map { (number, $0.workload, $0.identities) } }
    }

    mutating func add(_ workload: Workload, identities: [UInt32]) {
        let entry = Entry(workload: workload, identities: identities)
        let number = free.popLast() ?? entries.count
        if number == entries.count { entries.append(entry) } else { entries[number] = entry }
        let former = numbers.updateValue(number, forKey: workload.id)
        precondition(former == nil, "a workload is removed before it is added again")
        guard !workload.addresses.isEmpty else { return }
        for (address, identity) in zip(workload.distinctAddresses, identities) {
            let owner = Owner(workload: number, identity: identity)
            if let first = owners.updateValue(owner, forKey: address) {
                shared[address] = ((shared[address] ?? [first]) + [owner]).sorted { name($0) < name($1) }
                owners[address] = first
            }
        }
    }

    private func name(_ owner: Owner) -> WorkloadID { entries[owner.workload]?.workload.id ?? "" }

    /// Removes a workload and returns its identities, each to be released once.
    mutating func remove(_ id: WorkloadID) -> [UInt32] {
        guard let number = numbers.removeValue(forKey: id), let entry = entries[number] else { return [] }
        for address in entry.workload.distinctAddresses {
            if let several = shared[address] {
                let rest = several.filter { $0.workload != number }
                shared[address] = rest.count > 1 ? rest : nil
                owners[address] = rest.first
            } else {
                owners[address] = nil
            }
        }
        entries[number] = nil
        free.append(number)
        return entry.identities
    }

    /// Whether the workload has more than one address of a family, so that traffic with itself may cross addresses.
    func isMultiHomed(_ number: Int) -> Bool {
        guard let workload = workload(number), workload.addresses.count > 1 else { return false }
        return AddressFamily.allCases.contains { family in
            Set(workload.addresses.filter { $0.family == family }).count > 1
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
