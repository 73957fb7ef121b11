import NetworkTypes
import Testing

@Suite struct PrefixTrieTests {
    /// The definition: the longest of all prefixes that hold the address.
    private func scan(_ table: [(Prefix, Int)], _ address: IPAddress) -> Int? {
        table.filter { $0.0.contains(address) }.max { $0.0.length < $1.0.length }?.1
    }

    @Test func aTrieAnswersAsALinearScanDoes() throws {
        var random = Randomness(seed: 11)
        for round in 0..<60 {
            var trie = PrefixTrie<Int>()
            var table: [Prefix: Int] = [:]
            for value in 0..<40 {
                let family: AddressFamily = Bool.random(using: &random) ? .ipv4 : .ipv6
                // A few high and a few low bits, so that prefixes nest and addresses hit them.
                let bits = UInt128.random(in: 0...7, using: &random) << UInt128(family.width - 3)
                let low = UInt128.random(in: 0...7, using: &random)
                let length = [0, 1, 2, 3, family.width - 2, family.width - 1, family.width].randomElement(
                    using: &random)
                let address = try #require(IPAddress(family, bits: bits | low))
                let prefix = try #require(Prefix(address, length: length ?? 0))
                if Int.random(in: 0..<5, using: &random) == 0, let gone = table.keys.sorted().first {
                    trie[gone] = nil
                    table[gone] = nil
                }
                trie[prefix] = value
                table[prefix] = value
            }
            let rows = table.map { ($0.key, $0.value) }
            for (prefix, value) in rows { #expect(trie[prefix] == value) }
            for family in AddressFamily.allCases {
                for high in UInt128(0)...7 {
                    for low in UInt128(0)...8 {
                        let bits = high << UInt128(family.width - 3) | low
                        let address = try #require(IPAddress(family, bits: bits))
                        #expect(trie.longestMatch(address) == scan(rows, address), "round \(round), \(address)")
                    }
                }
            }
        }
    }

    @Test func anEmptyTrieMatchesNothing() throws {
        let trie = PrefixTrie<Int>()
        #expect(trie.longestMatch(try #require(IPAddress("10.0.0.1"))) == nil)
        #expect(trie[.all(.ipv4)] == nil)
        #expect(trie[try #require(Prefix("10.0.0.0/8"))] == nil)
    }

    @Test func theDefaultOfOneFamilyIsNotTheOthers() throws {
        var trie = PrefixTrie<String>()
        trie[.all(.ipv4)] = "four"
        #expect(trie.longestMatch(try #require(IPAddress("10.0.0.1"))) == "four")
        #expect(trie.longestMatch(try #require(IPAddress("::ffff:10.0.0.1"))) == "four")
        #expect(trie.longestMatch(try #require(IPAddress("::1"))) == nil)
    }

    @Test func removingAPrefixUncoversTheShorterOne() throws {
        var trie = PrefixTrie<Int>()
        let wide = try #require(Prefix("10.0.0.0/8"))
        let narrow = try #require(Prefix("10.1.0.0/16"))
        let address = try #require(IPAddress("10.1.2.3"))
        trie[wide] = 1
        trie[narrow] = 2
        #expect(trie.longestMatch(address) == 2)
        trie[narrow] = nil
        #expect(trie.longestMatch(address) == 1)
        trie[wide] = nil
        #expect(trie.longestMatch(address) == nil)
        trie[try #require(Prefix("192.0.2.0/24"))] = nil
    }
}
