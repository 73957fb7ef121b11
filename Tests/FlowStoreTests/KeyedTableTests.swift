import Flows
import NetworkTypes
import Testing

@testable import FlowStore

@Suite struct KeyedTableTests {
    /// Hashes of which some have one home, and some stand at the end of the table, from where it goes on at the beginning.
    private static let hashes: [UInt64] = [
        0, 1 << 32, 1 << 33, 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFE_0000_0000, 0xFFFF_0000_0000_0000,
        0x8000_0000_0000_0000, 0x8000_0001_0000_0000,
    ]

    /// What is found is what a dictionary of sets holds, after any insertions and removals.
    @Test(arguments: [4, 40, 400])
    func anIndexHoldsWhatADictionaryHolds(size: Int) {
        var random = SystemRandomNumberGenerator()
        var index = HashIndex()
        // Hashes that are equal in their upper halves are one to an index.
        var model: [UInt64: Set<Int32>] = [:]
        var count = 0
        for round in 0..<size * 20 {
            let drawn = UInt64.random(in: 0..<UInt64(size), using: &random)
            let hash = round % 3 == 0 ? Self.hashes[Int(drawn % 8)] : KeyHash.of(drawn)
            let number = Int32.random(in: 0..<Int32(size), using: &random)
            let known = model[hash >> 32] ?? []
            // It grows, shrinks, and grows again.
            let isGrowing = Int.random(in: 0..<3, using: &random) > 0 ? round / (size * 5) % 2 == 0 : round % 2 == 0
            if known.contains(number) || !isGrowing {
                index.remove(number, hash)
                if model[hash >> 32]?.remove(number) != nil { count -= 1 }
            } else {
                index.insert(number, hash)
                model[hash >> 32, default: []].insert(number)
                count += 1
            }
            #expect(index.count == count)
            #expect(Self.found(index, hash) == model[hash >> 32] ?? [])
        }
        for (half, numbers) in model {
            #expect(Self.found(index, half << 32) == numbers)
            #expect(numbers.allSatisfy { number in index.first(half << 32) { $0 == number } == number })
        }
    }

    private static func found(_ index: HashIndex, _ hash: UInt64) -> Set<Int32> {
        var result: Set<Int32> = []
        let none = index.first(hash) { number in
            result.insert(number)
            return false
        }
        #expect(none == nil)
        return result
    }

    @Test func aTableHoldsWhatADictionaryHolds() {
        var random = SystemRandomNumberGenerator()
        var table = KeyedTable<Int64, Int>()
        var model: [Int64: Int] = [:]
        var order: [Int64] = []
        for round in 0..<5000 {
            let key = Int64.random(in: -700...700, using: &random)
            if model[key] == nil { order.append(key) }
            let sum = table.change(key, from: 7) { value in
                value += round
                return value
            }
            model[key, default: 7] += round
            #expect(sum == model[key] && table[key] == sum)
        }
        #expect(table.entries.map(\.key) == order)
        #expect(table.entries.allSatisfy { model[$0.key] == $0.value })
        #expect(table[701] == nil)
    }

    /// Whatever tells edges apart tells their packed forms apart.
    @Test func packedEdgesDifferAsEdgesDo() throws {
        let addresses = try ["0.0.0.1", "::1", "1::", "1:0:0:1::"].map { try #require(IPAddress($0)) }
        let services: [EdgeService] = [.unspecified, .port(0), .port(0xFFFF), .port(8)]
        var edges: Set<EdgeKey> = []
        for source in addresses {
            for destination in addresses {
                for service in services {
                    for proto in [IPProtocol.tcp, .udp] {
                        edges.insert(
                            EdgeKey(source: source, destination: destination, proto: proto, service: service))
                    }
                }
            }
        }
        let all = Array(edges)
        for (index, edge) in all.enumerated() {
            let packed = PackedEdge(edge)
            #expect(all.indices.filter { PackedEdge(all[$0]) == packed } == [index])
            #expect(all.indices.filter { PackedEdge(all[$0]).keyHash == packed.keyHash } == [index])
        }
    }
}
