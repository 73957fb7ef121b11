import NetworkTypes
import PolicyModel

/// Runs the `tests` of a policy as the service does before it takes one: over the rules for the whole tailnet, not over what a device gets.
///
/// A claim passes when all of the source reaches some of the destination; a source or a destination without address fails the test.
struct TailscaleTestRun {
    let policy: TailscalePolicy
    let tailnet: Tailnet

    /// What the rules say of a claim.
    private enum Answer {
        case yes
        case no
        /// It depends on what is understood in part.
        case unknown
    }

    /// A source of a rule with the addresses that it holds.
    private struct Source {
        var addresses: AddressSet
        var isKnown: Bool
    }

    /// A destination of a rule that speaks of a claim.
    private struct Candidate {
        var sources: [Source]
        var isSelf: Bool
        var isKnown: Bool
    }

    private let sources: [[Source]]

    init(policy: TailscalePolicy, tailnet: Tailnet) {
        self.policy = policy
        self.tailnet = tailnet
        sources = policy.rules.map { rule in
            rule.sources.map {
                Source(addresses: tailnet.sources($0, in: policy), isKnown: !Self.isUnknown($0, policy))
            }
        }
    }

    func run(_ findings: inout TailscaleFindings) {
        for test in policy.tests {
            // Devices one by one, also where their addresses stand side by side; other addresses range by range.
            let from =
                tailnet.devices(of: test.source, in: policy).map { $0.flatMap(\.addresses).map { Prefix($0).range } }
                ?? tailnet.sources(test.source, in: policy).ranges
            if from.isEmpty {
                guard tailnet.isListed || !Self.isUnknown(test.source, policy) else { continue }
                findings.refuse("test-failed", "the test's source has no address", at: test.place)
                continue
            }
            for claim in test.claims { judge(claim, of: test, from: from, &findings) }
        }
    }

    private func judge(
        _ claim: TailscaleTest.Claim, of test: TailscaleTest, from: [AddressRange], _ findings: inout TailscaleFindings
    ) {
        let isSelf = claim.selector == .autogroup(.selfDevices)
        let targets =
            isSelf
            ? addresses(ownDevices(of: from))
            : tailnet.destinations(claim.selector, in: policy)
        guard !targets.isEmpty else {
            findings.refuse(
                "test-failed", "the test's destination \(quoted(claim.text)) has no address", at: claim.place)
            return
        }
        let candidates = candidates(for: claim, targets, proto: test.proto)
        var answer = Answer.yes
        for range in from where answer != .no {
            switch self.answer(range, targets, candidates, test, claim) {
            case .yes: break
            case .no: answer = .no
            case .unknown: answer = .unknown
            }
        }
        switch (answer, claim.mustPass) {
        case (.yes, true), (.no, false): break
        case (.unknown, _):
            findings.note(
                "test-undecided",
                "whether the test of \(quoted(claim.text)) passes depends on what is understood in part",
                at: claim.place, effect: .may)
        case (.no, true):
            findings.refuse(
                "test-failed", "expected \(quoted(claim.text)) to be accepted, it is denied", at: claim.place)
        case (.yes, false):
            findings.refuse(
                "test-failed", "expected \(quoted(claim.text)) to be denied, it is accepted", at: claim.place)
        }
    }

    private func addresses(_ devices: [TailscaleDevice]) -> AddressSet {
        AddressSet(devices.flatMap(\.addresses).map { Prefix($0) })
    }

    /// The untagged devices of the users whose devices have these addresses.
    private func ownDevices(of from: [AddressRange]) -> [TailscaleDevice] {
        let set = AddressSet(from)
        let members = tailnet.devices.filter { $0.kind == .member }
        let users = Set(members.filter { $0.addresses.contains(where: set.contains) }.compactMap(\.user))
        return members.filter { $0.user.map(users.contains) ?? false }
    }

    /// The rules that open a claim's port at one of its targets, to whomever.
    private func candidates(
        for claim: TailscaleTest.Claim, _ targets: AddressSet, proto: IPProtocol?
    ) -> [Candidate] {
        let protocols = proto.map { [$0] } ?? TailscaleService.defaults
        var result: [Candidate] = []
        for (rule, sources) in zip(policy.rules, sources) {
            let isSure = rule.postures.isEmpty && policy.defaultPostures.isEmpty && rule.via.isEmpty
            for destination in rule.destinations {
                let fits = destination.services.contains { service in
                    service.ports.isSuperset(of: claim.port) && service.protocols.contains(where: protocols.contains)
                }
                guard fits else { continue }
                let isSelf = destination.selector == .autogroup(.selfDevices)
                if !isSelf, tailnet.destinations(destination.selector, in: policy).intersection(targets).isEmpty {
                    continue
                }
                result.append(
                    Candidate(
                        sources: sources, isSelf: isSelf,
                        isKnown: isSure && !Self.isUnknown(destination.selector, policy)))
            }
        }
        return result
    }

    private func answer(
        _ range: AddressRange, _ targets: AddressSet, _ candidates: [Candidate], _ test: TailscaleTest,
        _ claim: TailscaleTest.Claim
    ) -> Answer {
        if policy.isOpen { return .yes }
        var result = Answer.no
        for candidate in candidates {
            let hits = candidate.sources.filter { source in
                range.lower == range.upper
                    ? source.addresses.contains(range.lower)
                    : !source.addresses.intersection(AddressSet([range])).isEmpty
            }
            guard !hits.isEmpty else { continue }
            if candidate.isSelf, addresses(ownDevices(of: [range])).intersection(targets).isEmpty { continue }
            if candidate.isKnown, hits.contains(where: \.isKnown) { return .yes }
            result = .unknown
        }
        if result == .no, !tailnet.isListed, speaksOfAddresses(test.source, claim.selector) { return .unknown }
        return result
    }

    /// Whether a selector's members are not known: roles, synced groups.
    private static func isUnknown(_ selector: TailscaleSelector, _ policy: TailscalePolicy) -> Bool {
        switch selector {
        case .autogroup(let autogroup): autogroup.isRole
        case .group(let name): policy.groups[name] == nil
        case .service: true
        case .everything, .addresses, .host, .ipset, .tag, .user, .domain: false
        }
    }

    /// Whether an end, or one of some rule, is an address: without devices it may be any device's.
    private func speaksOfAddresses(_ ends: TailscaleSelector...) -> Bool {
        ends.contains { tailnet.literal($0, in: policy) != nil }
            || policy.rules.contains { rule in
                rule.sources.contains { tailnet.literal($0, in: policy) != nil }
                    || rule.destinations.contains { tailnet.literal($0.selector, in: policy) != nil }
            }
    }
}
