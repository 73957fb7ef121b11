import NetworkTypes

/// Addresses in order, so that a set can be asked whether it holds one without looking at all.
struct SortedAddresses {
    private let addresses: [IPAddress]

    init(_ addresses: some Sequence<IPAddress>) { self.addresses = addresses.sorted() }

    /// Whether the set holds one of the addresses; logarithmic in their number for each range of the set.
    func meets(_ set: AddressSet) -> Bool { set.ranges.contains(where: meets) }

    private func meets(_ range: AddressRange) -> Bool {
        var low = 0
        var high = addresses.count
        while low < high {
            let middle = low + (high - low) / 2
            if addresses[middle] < range.lower { low = middle + 1 } else { high = middle }
        }
        return low < addresses.count && addresses[low] <= range.upper
    }
}
