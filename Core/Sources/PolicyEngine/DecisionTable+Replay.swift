internal import NetworkTypes
internal import PolicyModel

extension DecisionTable {
    /// How many flows go through one stage before the next stage begins, so that their memory accesses overlap.
    static let batch = 256

    /// Judges flows that are held as columns, all IPv4.
    ///
    /// The columns and the result have the same length. `ports` holds the destination port; for ICMP, type × 256 + code;
    /// for other protocols it means nothing. Source ports, processes, principals and conditions are unknown.
    public mutating func replay(
        sources: UnsafeBufferPointer<UInt32>, destinations: UnsafeBufferPointer<UInt32>,
        protocols: UnsafeBufferPointer<UInt8>, ports: UnsafeBufferPointer<UInt16>,
        into keys: UnsafeMutableBufferPointer<UInt32>
    ) {
        precondition(
            sources.count == keys.count && destinations.count == keys.count && protocols.count == keys.count
                && ports.count == keys.count, "all columns have the length of the result")
        var start = 0
        while start < keys.count {
            let count = min(Self.batch, keys.count - start)
            let isComplete =
                pairs.words.isEmpty
                ? pairs.bytes.withUnsafeBufferPointer {
                    lookUp($0, sources, destinations, protocols, ports, keys, start, count)
                }
                : pairs.words.withUnsafeBufferPointer {
                    lookUp($0, sources, destinations, protocols, ports, keys, start, count)
                }
            if !isComplete {
                for index in start..<start + count where keys[index] == 0 {
                    keys[index] = ask(sources[index], destinations[index], protocols[index], ports[index])
                }
            }
            start += count
        }
    }

    /// Fills the keys of one batch from the tables; false when the engine has to be asked for some.
    private func lookUp<Place: FixedWidthInteger & UnsignedInteger>(
        _ places: UnsafeBufferPointer<Place>, _ sources: UnsafeBufferPointer<UInt32>,
        _ destinations: UnsafeBufferPointer<UInt32>,
        _ protocols: UnsafeBufferPointer<UInt8>, _ ports: UnsafeBufferPointer<UInt16>,
        _ keys: UnsafeMutableBufferPointer<UInt32>, _ start: Int, _ count: Int
    ) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2 * Self.batch) { scratch -> Bool in
            guard let from = sources.baseAddress?.advanced(by: start),
                let to = destinations.baseAddress?.advanced(by: start),
                let proto = protocols.baseAddress?.advanced(by: start),
                let port = ports.baseAddress?.advanced(by: start),
                let out = keys.baseAddress?.advanced(by: start), let a = scratch.baseAddress
            else { return true }
            let b = a + Self.batch
            var isAnySame = false
            addresses.first.withUnsafeBufferPointer { first in
                addresses.second.withUnsafeBufferPointer { second in
                    for i in 0..<count {
                        let (x, y) = (from[i], to[i])
                        isAnySame = isAnySame || x == y
                        a[i] = second[Int(first[Int(x >> 16)]) << 8 | Int(x >> 8 & 0xFF)] << 8 | x & 0xFF
                        b[i] = second[Int(first[Int(y >> 16)]) << 8 | Int(y >> 8 & 0xFF)] << 8 | y & 0xFF
                    }
                }
            }
            addresses.third.withUnsafeBufferPointer { third in
                for i in 0..<count {
                    a[i] = UInt32(third[Int(a[i])])
                    b[i] = UInt32(third[Int(b[i])])
                }
            }
            let width = classCount
            pairs.starts.withUnsafeBufferPointer { starts in
                atoms.blocks.withUnsafeBufferPointer { blocks in
                    atoms.atoms.withUnsafeBufferPointer { atoms in
                        for i in 0..<count {
                            let pair = Int(a[i]) &* width &+ Int(b[i])
                            let block = blocks[Int(proto[i]) << 8 | Int(port[i] >> 8)]
                            b[i] = UInt32(atoms[Int(block) << 8 | Int(port[i] & 0xFF)])
                            a[i] = starts[Int(a[i])] &+ UInt32(truncatingIfNeeded: places[pair])
                        }
                    }
                }
            }
            if isAnySame {
                for i in 0..<count where from[i] == to[i] {
                    a[i] = selfs[Int(addresses.classify(IPAddress(ipv4: from[i])))]
                }
            }
            var isComplete: UInt32 = 1
            pairs.rows.withUnsafeBufferPointer { rows in
                patterns.withUnsafeBufferPointer { patterns in
                    keysOfRows.withUnsafeBufferPointer { keys in
                        for i in 0..<count {
                            let row = rows[Int(a[i])]
                            let key = keys[Int(row.keys &+ UInt32(patterns[Int(row.pattern &+ b[i])]))]
                            out[i] = key
                            isComplete &= key == 0 ? 0 : 1
                        }
                    }
                }
            }
            return isComplete == 1
        }
    }

    private mutating func ask(_ source: UInt32, _ destination: UInt32, _ proto: UInt8, _ port: UInt16) -> UInt32 {
        let proto = IPProtocol(rawValue: proto)
        let flow = Flow(
            source: FlowEnd(IPAddress(ipv4: source)), destination: FlowEnd(IPAddress(ipv4: destination)), proto: proto,
            destinationPort: proto.hasPorts ? port : 0,
            icmp: proto.isICMP ? ICMPMessage(type: UInt8(port >> 8), code: UInt8(port & 0xFF)) : nil)
        return decide(flow).rawValue
    }
}
