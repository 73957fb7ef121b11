/// A map from prefixes to values that finds the longest prefix holding an address.
///
/// A binary trie with one level per bit, both families through the same code. Insertion and look-up take at most 32
/// steps for IPv4 and 128 for IPv6. The decision path of the engine uses a denser table made from the same intervals.
public struct PrefixTrie<Value> {
    @usableFromInline struct Node {
        @usableFromInline var zero: Int32 = 0
        @usableFromInline var one: Int32 = 0
        @usableFromInline var value: Value?
    }

    // INVARIANT: node 0 is the root of IPv4, node 1 of IPv6; 0 as a child means none.
    @usableFromInline var nodes: [Node] = [Node(), Node()]

    /// Makes an empty trie.
    public init() {}

    @inlinable static func root(_ family: AddressFamily) -> Int {
        switch family {
        case .ipv4: 0
        case .ipv6: 1
        }
    }

    @inlinable static func bit(_ address: IPAddress, _ index: Int) -> Bool {
        address.bits >> UInt128(address.family.width - 1 - index) & 1 == 1
    }

    /// The value stored at exactly this prefix; setting nil removes it.
    public subscript(prefix: Prefix) -> Value? {
        get {
            var node = Self.root(prefix.family)
            for index in 0..<prefix.length {
                let next = Self.bit(prefix.address, index) ? nodes[node].one : nodes[node].zero
                guard next != 0 else { return nil }
                node = Int(next)
            }
            return nodes[node].value
        }
        set {
            var node = Self.root(prefix.family)
            for index in 0..<prefix.length {
                let one = Self.bit(prefix.address, index)
                var next = Int(one ? nodes[node].one : nodes[node].zero)
                if next == 0 {
                    guard newValue != nil else { return }
                    next = nodes.count
                    nodes.append(Node())
                    if one { nodes[node].one = Int32(next) } else { nodes[node].zero = Int32(next) }
                }
                node = next
            }
            nodes[node].value = newValue
        }
    }

    /// The value at the longest prefix that holds `address`, or nil.
    @inlinable public func longestMatch(_ address: IPAddress) -> Value? {
        var node = Self.root(address.family)
        var best = nodes[node].value
        for index in 0..<address.family.width {
            let next = Self.bit(address, index) ? nodes[node].one : nodes[node].zero
            guard next != 0 else { break }
            node = Int(next)
            if let value = nodes[node].value { best = value }
        }
        return best
    }
}

extension PrefixTrie: Sendable where Value: Sendable {}
extension PrefixTrie.Node: Sendable where Value: Sendable {}
