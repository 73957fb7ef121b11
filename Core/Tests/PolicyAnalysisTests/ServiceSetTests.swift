import NetworkTypes
import PolicyAnalysis
import TestWorlds
import Testing

@Suite struct ServiceSetTests {
    @Test func theEmptySetHasNoPart() {
        #expect(ServiceSet().isEmpty)
        #expect(ServiceSet().parts == [])
        #expect(ServiceSet().witness == nil)
    }

    @Test func operationsAreThoseOfTheMembers() {
        var rng = SplitMix64(seed: 1)
        for _ in worlds(3_000) {
            let (a, b) = (ServiceSet.random(using: &rng), ServiceSet.random(using: &rng))
            let (either, both, rest) = (a.union(b), a.intersection(b), a.subtracting(b))
            for point in ServicePoint.corners {
                let (inA, inB) = (a.contains(point), b.contains(point))
                #expect(either.contains(point) == (inA || inB))
                #expect(both.contains(point) == (inA && inB))
                #expect(rest.contains(point) == (inA && !inB))
            }
        }
    }

    @Test func deMorganHolds() {
        var rng = SplitMix64(seed: 2)
        for _ in worlds(3_000) {
            let (a, b) = (ServiceSet.random(using: &rng), ServiceSet.random(using: &rng))
            let (notA, notB) = (ServiceSet.all.subtracting(a), ServiceSet.all.subtracting(b))
            #expect(ServiceSet.all.subtracting(a.union(b)) == notA.intersection(notB))
            #expect(ServiceSet.all.subtracting(a.intersection(b)) == notA.union(notB))
            #expect(ServiceSet.all.subtracting(notA) == a)
        }
    }

    @Test func equalSetsAreThoseWithTheSameMembers() {
        var rng = SplitMix64(seed: 3)
        for _ in worlds(3_000) {
            let (a, b) = (ServiceSet.random(using: &rng), ServiceSet.random(using: &rng))
            #expect(a.intersection(b).union(a.subtracting(b)) == a)
            #expect(a.union(b) == b.union(a))
            #expect((a == b) == (a.subtracting(b).isEmpty && b.subtracting(a).isEmpty))
            #expect(a.isSuperset(of: b) == (a.union(b) == a))
        }
    }

    @Test func theWitnessIsAMember() {
        var rng = SplitMix64(seed: 4)
        for _ in worlds(3_000) {
            let set = ServiceSet.random(using: &rng).subtracting(.random(using: &rng))
            #expect(set.witness.map(set.contains) ?? set.isEmpty)
        }
    }

    @Test func theWitnessIsWhatPeopleKnow() {
        #expect(ServiceSet.all.witness == ServicePoint(.tcp, 443, source: 40_000))
        #expect(ServiceSet(.udp, destination: PortSet(50...60)).witness == ServicePoint(.udp, 53, source: 40_000))
        #expect(ServiceSet(.tcp, destination: PortSet(9000...9100)).witness == ServicePoint(.tcp, 9000, source: 40_000))
        #expect(ServiceSet(.tcp, source: PortSet(1...2000)).witness == ServicePoint(.tcp, 443, source: 1024))
        #expect(ServiceSet(.tcp, source: PortSet(5...7)).witness == ServicePoint(.tcp, 443, source: 5))
        #expect(ServiceSet(.icmp).witness?.icmp == ICMPMessage(type: 8, code: 0))
        #expect(ServiceSet(.gre).witness == ServicePoint(.gre))
    }

    @Test func protocolsWithoutPortsAreOnePoint() {
        #expect(ServiceSet(.gre, destination: PortSet(80)) == ServiceSet(.gre))
        #expect(ServiceSet(.icmp, source: PortSet(1)) == ServiceSet(.icmp))
        #expect(ServiceSet(.tcp, source: PortSet()).isEmpty)
        #expect(ServiceSet.all.protocols.count == 256)
        #expect(ServiceSet.all([.udp, .tcp]).protocols == [.tcp, .udp])
    }

    @Test func portsAreThoseThatASourcePortReaches() {
        let set = ServiceSet(.tcp, destination: PortSet(80), source: PortSet(53))
            .union(ServiceSet(.tcp, destination: PortSet(443)))
        #expect(set.ports(.tcp) == PortSet([80...80, 443...443]))
        #expect(set.ports(.tcp, from: PortSet(1024 ... .max)) == PortSet(443))
        #expect(set.ports(.udp).isEmpty)
    }
}

extension ServicePoint {
    /// Points on and beside every boundary that random sets have.
    static let corners: [ServicePoint] = [.tcp, .udp, .sctp, .icmp, .gre].flatMap { (proto: IPProtocol) in
        ServiceSet.corners.flatMap { port in ServiceSet.corners.map { ServicePoint(proto, port, source: $0) } }
    }
}

extension ServiceSet {
    static let corners: [UInt16] = [0, 1, 79, 80, 81, 1023, 1024, 40_000, 65_534, 65_535]

    /// A union of a few rectangles whose corners are few, so that they touch and cross.
    static func random(using rng: inout some RandomNumberGenerator) -> ServiceSet {
        func ports(_ rng: inout some RandomNumberGenerator) -> PortSet {
            if rng.chance(30) { return .all }
            let (a, b) = (rng.pick(corners), rng.pick(corners))
            return PortSet(min(a, b)...max(a, b))
        }
        if rng.chance(5) { return .all }
        return rng.list(0...4) { rng -> ServiceSet in
            let proto: IPProtocol = rng.pick([.tcp, .tcp, .udp, .sctp, .icmp, .gre])
            return ServiceSet(proto, destination: ports(&rng), source: ports(&rng))
        }
        .reduce(ServiceSet()) { $0.union($1) }
    }
}
