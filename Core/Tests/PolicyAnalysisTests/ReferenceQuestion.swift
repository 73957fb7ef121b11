import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyModel
import PolicyReference
import TestWorlds

/// What the reference says to the questions that connectivity answers.
///
/// A condition that nobody knows is, for *must* and *may*, a rule that may or may not match: that is what an approximate
/// rule is, so worlds are given to the reference with the one in place of the other.
struct ReferenceQuestion {
    let reference: FlatReference

    init(_ world: FlatWorld) {
        reference = FlatReference(workloads: world.workloads, policy: world.policy.withConditionsOpen)
    }

    /// Whether must and may hold a flow.
    func answer(
        _ source: IPAddress, _ destination: IPAddress, _ point: ServicePoint, _ view: VerdictView, at instant: Instant
    ) -> (must: Bool, may: Bool) {
        let flow = Flow(from: source, to: destination, point)
        switch view.verdict(of: reference.decide(flow, at: instant)).outcome {
        case .allowed: return (true, true)
        case .indeterminate: return (false, true)
        case .denied, .partly: return (false, false)
        }
    }
}

extension Flow {
    /// A flow of which nothing is known but its ends and its first packet.
    init(from source: IPAddress, to destination: IPAddress, _ point: ServicePoint) {
        self.init(
            source: FlowEnd(source), destination: FlowEnd(destination), proto: point.proto,
            sourcePort: point.proto.hasPorts ? point.source : nil,
            destinationPort: point.proto.hasPorts ? point.destination : 0, icmp: point.icmp)
    }
}

extension FlatPolicy {
    /// The policy with rules of unknown meaning in place of rules with conditions.
    var withConditionsOpen: FlatPolicy {
        var result = self
        for layer in result.layers.indices {
            for tier in result.layers[layer].tiers.indices {
                for rule in result.layers[layer].tiers[tier].rules.indices
                where !result.layers[layer].tiers[tier].rules[rule].conditions.isEmpty {
                    result.layers[layer].tiers[tier].rules[rule].conditions = []
                    result.layers[layer].tiers[tier].rules[rule].certainty = .approximate("a condition")
                }
            }
        }
        return result
    }
}

extension ServicePoint {
    /// A point on or beside a boundary of the worlds' rules.
    static func random(using rng: inout some RandomNumberGenerator) -> ServicePoint {
        let ports: [UInt16] = [0, 52, 53, 54, 79, 80, 81, 442, 443, 444, 1023, 1024, 32_768, 39_999, 40_000, 65_535]
        switch rng.below(12) {
        case 0...4: return ServicePoint(.tcp, rng.pick(ports), source: rng.pick(ports))
        case 5...6: return ServicePoint(.udp, rng.pick(ports + [67, 547]), source: rng.pick(ports + [68, 546]))
        case 7: return ServicePoint(rng.pick([.sctp, .dccp]), rng.pick(ports), source: rng.pick(ports))
        case 8: return ServicePoint(rng.pick([.gre, .igmp, .esp]))
        case 9: return ServicePoint(.icmp, UInt16(rng.pick([0, 3, 5, 8, 11, 42])) << 8 | UInt16(rng.below(2)))
        default:
            return ServicePoint(
                .icmpv6, UInt16(rng.pick([1, 3, 127, 128, 129, 135, 137, 200])) << 8 | UInt16(rng.below(2)))
        }
    }
}

extension End {
    /// An address of the end: the first, the last, or another end of a range.
    func address(using rng: inout some RandomNumberGenerator) -> IPAddress? {
        guard !ranges.isEmpty else { return nil }
        let range = rng.pick(ranges)
        return rng.chance(50) ? range.lower : range.upper
    }
}
