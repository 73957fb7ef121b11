import Testing

/// The field's words: the nouns that the project's style fixes, by hand.
///
/// A new public noun adds a row to the glossary.
@Suite struct GlossaryTests {
    static let nouns = [
        "workload", "host", "label dimension", "subject", "peer", "ingress", "egress", "tier", "precedence", "action",
        "verdict", "selector", "address set", "service", "draft", "active revision", "enforcement mode", "quarantine",
        "guardrail", "flow record", "exporter", "observation point", "identity", "desired state", "observed state",
        "reconcile", "sweep", "in-sync", "span", "posture", "session", "principal", "group", "decision point",
        "enforcement point",
    ]

    @Test func everyNounHasARow() throws {
        let glossary = try #require(Repository.file("docs/glossary.md"))
        let terms = HouseRules.terms(inTablesOf: glossary.text)
        #expect(Self.nouns.filter { !terms.contains($0) } == [])
    }

    @Test func rowsStandInAlphabeticalOrder() throws {
        let glossary = try #require(Repository.file("docs/glossary.md"))
        let rows = glossary.lines.filter { $0.hasPrefix("| **") }.map { $0.lowercased() }
        #expect(rows.count >= 30)
        #expect(rows == rows.sorted())
    }

    @Test func aTermIsReadFromTheFirstColumnOnly() {
        let table = "| term | meaning |\n|---|---|\n| **subject / peer** | whom | \n| `tier` | group |\ntext | other |"
        let terms = HouseRules.terms(inTablesOf: table)
        #expect(terms.isSuperset(of: ["subject", "peer", "tier"]))
        #expect(terms.isDisjoint(with: ["whom", "group", "other", "text"]))
    }
}
