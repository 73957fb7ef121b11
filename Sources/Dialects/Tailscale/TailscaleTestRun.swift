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

    func run(_ findings: inout TailscaleFindings) {
        for test in policy.tests {
            let sources = tailnet.sources(test.source, in: policy)
            if sources.isEmpty {
                guard tailnet.isListed || !isUnknown(test.source) else { continue }
                findings.refuse("test-failed", "the test's source has no address", at: test.place)
                continue
            }
            for claim in test.claims { judge(claim, of: test, from: sources, &findings) }
        }
    }

    private func judge(
        _ claim: TailscaleTest.Claim, of test: TailscaleTest, from sources: AddressSet, _ findings: inout TailscaleFindings
    ) {
        let targets = destination(claim.selector, of: test)
        guard !targets.isEmpty else {
            findings.refuse("test-failed", "the test's destination \(quoted(claim.text)) has no address", at: claim.place)
            return
        }
        let answer = sources.ranges.reduce(Answer.yes) { answer, range in
            let one = self.answer(AddressSet([range]), targets, claim, test)
            return one == .no || answer == .no ? .no : one == .unknown || answer == .unknown ? .unknown : .yes
        }
        switch (answer, claim.mustPass) {
        case (.yes, true), (.no, false): break
        case (.unknown, _):
            findings.note(
                "test-undecided", "whether the test of \(quoted(claim.text)) passes depends on what is understood in part",
                at: claim.place, effect: .may)
        case (.no, true):
            findings.refuse("test-failed", "expected \(quoted(claim.text)) to be accepted, it is denied", at: claim.place)
        case (.yes, false):
            findings.refuse("test-failed", "expected \(quoted(claim.text)) to be denied, it is accepted", at: claim.place)
        }
    }

    private func destination(_ selector: TailscaleSelector, of test: TailscaleTest) -> AddressSet {
        guard selector == .autogroup(.selfDevices) else { return tailnet.destinations(selector, in: policy) }
        return AddressSet(ownDevices(of: tailnet.sources(test.source, in: policy)).flatMap(\.addresses).map { Prefix($0) })
    }

    /// The untagged devices of the users whose devices have these addresses.
    private func ownDevices(of sources: AddressSet) -> [TailscaleDevice] {
        let members = tailnet.devices.filter { $0.kind == .member }
        let users = Set(members.filter { $0.addresses.contains(where: sources.contains) }.compactMap(\.user))
        return members.filter { $0.user.map(users.contains) ?? false }
    }

    private func answer(
        _ source: AddressSet, _ targets: AddressSet, _ claim: TailscaleTest.Claim, _ test: TailscaleTest
    ) -> Answer {
        var result = policy.isOpen ? Answer.yes : .no
        let protocols = test.proto.map { [$0] } ?? TailscaleService.defaults
        for rule in policy.rules {
            let hits = rule.sources.filter { !tailnet.sources($0, in: policy).intersection(source).isEmpty }
            guard !hits.isEmpty else { continue }
            let isSure =
                rule.postures.isEmpty && policy.defaultPostures.isEmpty && rule.via.isEmpty
                && hits.contains { !isUnknown($0) }
            for destination in rule.destinations {
                let fits = destination.services.contains { service in
                    service.ports.isSuperset(of: claim.port) && service.protocols.contains(where: protocols.contains)
                }
                guard fits else { continue }
                let set =
                    destination.selector == .autogroup(.selfDevices)
                    ? AddressSet(ownDevices(of: source).flatMap(\.addresses).map { Prefix($0) })
                    : tailnet.destinations(destination.selector, in: policy)
                guard !set.intersection(targets).isEmpty else { continue }
                if isSure, !isUnknown(destination.selector) { return .yes }
                result = .unknown
            }
        }
        if result == .no, !tailnet.isListed, mixes(claim.selector, test.source) { return .unknown }
        return result
    }

    /// Whether a selector's members are not known: roles, synced groups.
    private func isUnknown(_ selector: TailscaleSelector) -> Bool {
        switch selector {
        case .autogroup(let autogroup): autogroup.isRole
        case .group(let name): policy.groups[name] == nil
        case .service: true
        case .everything, .addresses, .host, .ipset, .tag, .user, .domain: false
        }
    }

    /// Whether an end is an address: without devices it may be any device's.
    private func mixes(_ ends: TailscaleSelector...) -> Bool {
        ends.contains { tailnet.literal($0, in: policy) != nil }
            || policy.rules.contains { rule in
                rule.sources.contains { tailnet.literal($0, in: policy) != nil }
                    || rule.destinations.contains { tailnet.literal($0.selector, in: policy) != nil }
            }
    }
}
