import Foundation
import PolicyFiles
import PolicyModel
import Testing

/// No key is accepted without being read.
@Suite struct KeyTests {
    /// One mapping of each shape with every key that may stand there together, and the path to each.
    private static let everything = """
        {"bulkhead": 1, "owner": "o", "ticket": "t", "review": "2027-01-01",
         "workloads": [{"name": "w", "addresses": "10.0.0.1", "labels": {"app": "shop"}, "agent": true,
            "enforcesAttributes": true, "hostname": "w.example", "ports": {"http": "tcp/80"}}],
         "labelRules": [{"name": "l", "subnet": "10.0.0.0/8", "hostname": "w*", "labels": {"env": "prod"}, DOC}],
         "services": {"web": "tcp/80"}, "addressSets": {"office": "192.0.2.0/24"},
         "rulesets": [{"name": "s", "scope": "app = shop", "owner": "o", "ticket": "t", "review": "2027-01-01",
            "rules": [{"name": "r", "action": "allow", CRITERIA, "anywhere": true, "widen": true, SPAN, "enabled": true, DOC}]}],
         "guardrails": [{"name": "g", CRITERIA, "reject": true, DOC, "exceptions": [
            {"name": "x", CRITERIA, "widen": true, SPAN, DOC}]}],
         "quarantines": [{"name": "q", DOC,
            "members": {"select": "app = shop", "workloads": "w", "except": "app = other"},
            "exceptions": [{"name": "x", CRITERIA, "widen": true, SPAN, DOC}]}],
         "essential": [{"name": "e", "from": "app = shop", "to": "app = shop", "services": "tcp/22", DOC}],
         "enforcement": [{"mode": "full", "members": "app = shop"}],
         "tests": [{"name": "t", "from": "w", "to": "w", "service": "tcp/1", "expect": "allowed", "fromProcess": "/a",
            "toProcess": "/b", "fromPrincipal": {"name": "p", "groups": "g"}, "toPrincipal": "p",
            "conditions": {"c": true}, "at": "2027-01-01T00:00:00Z"},
            {"name": "b", "only": "app = shop", "reaches": {"workloads": "w"}, "services": "web",
            "at": "2027-01-01T00:00:00Z"}]}
        """
        .replacing(
            "CRITERIA",
            with: """
                "from": {"select": "app = shop", "addresses": "office", "workloads": "w", "except": "app = other"},
                "to": "app = shop", "services": "web", "same": "app", "different": "env", "samePrincipal": true,
                "fromProcess": "/a", "toProcess": "/b", "fromPrincipal": "p", "toPrincipal": "p", "when": "c", "unless": "d"
                """
        )
        .replacing("SPAN", with: #""validFrom": "2026-01-01T00:00:00Z", "validUntil": "2027-01-01T00:00:00Z""#)
        .replacing("DOC", with: #""reason": "why", "owner": "o", "ticket": "t", "review": "2027-01-01""#)

    private static let paths: [String: [String]] = [
        "file": [], "workload": ["workloads", "0"], "labelRule": ["labelRules", "0"],
        "endMapping": ["rulesets", "0", "rules", "0", "from"], "membersMapping": ["quarantines", "0", "members"],
        "ruleset": ["rulesets", "0"], "rule": ["rulesets", "0", "rules", "0"], "guardrail": ["guardrails", "0"],
        "guardrailException": ["guardrails", "0", "exceptions", "0"], "quarantine": ["quarantines", "0"],
        "quarantineException": ["quarantines", "0", "exceptions", "0"], "essentialRule": ["essential", "0"],
        "enforcementEntry": ["enforcement", "0"], "test": ["tests", "0"], "principal": ["tests", "0", "fromPrincipal"],
        "boundaryTest": ["tests", "1"],
    ]

    private func load(_ document: Any) throws -> PolicyLoadResult {
        let data = try JSONSerialization.data(
            withJSONObject: document, options: [.sortedKeys, .withoutEscapingSlashes])
        return PolicyDirectory.load([PolicySource(name: "p.yaml", bytes: Array(data))], now: Place.now)
    }

    private func replacing(_ node: Any, _ path: ArraySlice<String>, with value: Any) throws -> Any {
        guard let first = path.first else { return value }
        if var list = node as? [Any] {
            let index = try #require(Int(first))
            try #require(list.indices.contains(index))
            list[index] = try replacing(list[index], path.dropFirst(), with: value)
            return list
        }
        var mapping = try #require(node as? [String: Any], "\(path) leads to no mapping")
        mapping[first] = try replacing(
            try #require(mapping[first], "\(first) is not written"), path.dropFirst(), with: value)
        return mapping
    }

    @Test func everyKeyMayStand() throws {
        let document = try JSONSerialization.jsonObject(with: Data(Self.everything.utf8))
        #expect(try load(document).diagnostics.filter { $0.severity == .error }.map(\.text) == [])
    }

    /// A list that holds an empty list is a value for no key; a key that nobody reads would swallow it.
    @Test(arguments: PolicyFormat.shapes.map(\.name))
    func everyKeyIsRead(_ name: String) throws {
        let document = try JSONSerialization.jsonObject(with: Data(Self.everything.utf8))
        let shape = try #require(PolicyFormat.shapes.first { $0.name == name })
        let path = try #require(Self.paths[name])
        for key in shape.keys {
            let damaged = try replacing(document, (path + [key.name])[...], with: [[]])
            let codes = try load(damaged).diagnostics.map(\.code)
            #expect(codes.contains("wrong-kind") || codes.contains("empty-list"), "\(name) \(key.name): \(codes)")
        }
    }
}
