internal import NetworkTypes

/// The class of each address: a trie of 16, 8 and 8 bits for IPv4 without branches, a hash and intervals for IPv6.
struct AddressTable: Sendable {
    /// By the upper 16 bits: the number of a block of `second`.
    private(set) var first: [UInt16]
    /// Blocks of 256 numbers of blocks of `third`.
    private(set) var second: [UInt32] = []
    /// Blocks of 256 classes; equal blocks are held once.
    private(set) var third: [UInt16] = []
    private let hosts: [IPAddress: UInt16]
    private let space: AddressSpace
    private let classOfSignature: [UInt16]

    /// Makes the table from the classes of owned addresses and of the unmanaged ones of each signature.
    init(hosts: [(address: IPAddress, class: UInt16)], space: AddressSpace, classOfSignature: [UInt16]) {
        self.space = space
        self.classOfSignature = classOfSignature
        var sparse: [IPAddress: UInt16] = [:]
        // The address above its class, so that sorting numbers sorts addresses.
        var owned: [UInt64] = []
        for host in hosts {
            switch host.address.family {
            case .ipv4: owned.append(UInt64(truncatingIfNeeded: host.address.bits) << 16 | UInt64(host.class))
            case .ipv6: sparse[host.address] = host.class
            }
        }
        owned.sort()
        self.hosts = sparse
        var builder = Blocks()
        first = Array(repeating: 0, count: 65_536)
        let intervals = space.intervals(.ipv4).map {
            (
                start: UInt64($0.range.lowerBound), end: UInt64($0.range.upperBound),
                class: classOfSignature[Int($0.signature)]
            )
        }
        var interval = 0
        var next = 0
        for upper in 0..<65_536 {
            let start = UInt64(upper) << 16
            let end = start + 0xFFFF
            while intervals[interval].end < start { interval += 1 }
            var stop = next
            while stop < owned.count, owned[stop] >> 16 <= end { stop += 1 }
            if stop == next, intervals[interval].end >= end {
                first[upper] = builder.uniformSecond(intervals[interval].class)
                continue
            }
            var classes: [UInt16] = []
            classes.reserveCapacity(65_536)
            var place = interval
            while classes.count < 65_536 {
                let here = start + UInt64(classes.count)
                while intervals[place].end < here { place += 1 }
                let count = Int(min(intervals[place].end, end) - here) + 1
                classes.append(contentsOf: repeatElement(intervals[place].class, count: count))
            }
            for host in owned[next..<stop] { classes[Int(host >> 16 & 0xFFFF)] = UInt16(host & 0xFFFF) }
            next = stop
            first[upper] = builder.second(of: classes)
        }
        second = builder.secondBlocks
        third = builder.thirdBlocks
    }

    /// The class of any address.
    func classify(_ address: IPAddress) -> UInt16 {
        switch address.family {
        case .ipv4:
            let bits = Int(address.bits)
            let block = second[Int(first[bits >> 16]) << 8 | (bits >> 8 & 0xFF)]
            return third[Int(block) << 8 | (bits & 0xFF)]
        case .ipv6: return hosts[address] ?? classOfSignature[Int(space.signature(of: address))]
        }
    }

    /// Blocks under construction, each distinct one once.
    private struct Blocks {
        var secondBlocks: [UInt32] = []
        var thirdBlocks: [UInt16] = []
        private var knownSecond: [[UInt32]: UInt16] = [:]
        private var knownThird: [[UInt16]: UInt32] = [:]
        private var uniform: [UInt16: UInt16] = [:]

        mutating func uniformSecond(_ value: UInt16) -> UInt16 {
            if let known = uniform[value] { return known }
            let inner = third(Array(repeating: value, count: 256))
            let made = second(Array(repeating: inner, count: 256))
            uniform[value] = made
            return made
        }

        mutating func second(of classes: [UInt16]) -> UInt16 {
            second((0..<256).map { third(Array(classes[$0 * 256..<($0 + 1) * 256])) })
        }

        private mutating func second(_ block: [UInt32]) -> UInt16 {
            if let known = knownSecond[block] { return known }
            // Each of the 65,536 places of `first` makes one at most.
            let number = UInt16(secondBlocks.count >> 8)
            secondBlocks += block
            knownSecond[block] = number
            return number
        }

        private mutating func third(_ block: [UInt16]) -> UInt32 {
            if let known = knownThird[block] { return known }
            let number = UInt32(thirdBlocks.count >> 8)
            thirdBlocks += block
            knownThird[block] = number
            return number
        }
    }
}
