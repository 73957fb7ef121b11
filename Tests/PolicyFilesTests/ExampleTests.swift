import Foundation
import NetworkTypes
import PolicyFiles
import PolicyModel
import PolicyReference
import Testing

/// The example of the repository is good policy: it loads, its tests hold, and it means what its README says.
@Suite struct ExampleTests {
    private func example() throws -> LoadedPolicy {
        let path = Place.repository.appending(path: "Examples/three-tier").path
        let result = PolicyDirectory.load(path, now: Place.now)
        #expect(result.diagnostics.map(\.text) == [])
        return try #require(result.policy)
    }

    @Test func theExampleLoadsWithoutFindings() throws {
        let policy = try example()
        #expect(policy.workloads.count == 10)
        #expect(Set(policy.tests.map(\.test.id)).count == 10)
    }

    @Test func itsTestsHoldInTheReference() throws {
        let policy = try example()
        let reference = LatticeReference(workloads: policy.workloads, policy: policy.policy)
        for entry in policy.tests {
            var flow = entry.test.flow
            // No rule of the example asks for a source port; one instead of 64,512 makes the test quick.
            flow.sourcePort = flow.sourcePort ?? (flow.proto.hasPorts ? 50_000 : nil)
            let decision = reference.decide(flow, at: entry.at)
            #expect(decision.policy.outcome == entry.test.expected, "\(entry.test.id): \(decision.policy)")
        }
    }

    @Test func labelsComeFromWhereTheExampleSays() throws {
        let policy = try example()
        let key = try #require(LabelKey("env"))
        let sources = try ["web-prod-1", "metrics-1"].map { name -> String in
            switch try #require(policy.labelProvenance[WorkloadID(rawValue: name)]?[key]) {
            case .workload(let place): "workload \(URL(fileURLWithPath: place.file).lastPathComponent)"
            case .labelRule(let rule, _): rule
            }
        }
        #expect(sources == ["production-network", "workload inventory.yaml"])
    }

    @Test func modesAreThoseOfEnforcement() throws {
        let modes = try example().workloads.map { "\($0.id) \($0.mode?.rawValue ?? "-")" }
        #expect(
            modes == [
                "app-dev-1 visibility", "app-prod-1 full", "app-prod-2 full", "db-dev-1 visibility",
                "db-prod-1 selective", "dns-1 -", "metrics-1 visibility", "web-dev-1 visibility", "web-prod-1 full",
                "web-prod-2 full",
            ])
    }
}
