import Dialects
import NetworkTypes
import PolicyEngine
import PolicyFiles
import PolicyModel
import Testing

/// The same state written otherwise has the same meaning, and damage never stops the reader.
@Suite struct CalicoVariantTests {
    private static func read(_ sources: [PolicySource]) -> DialectPolicy {
        CalicoReader.read(sources, DialectOptions(now: Instant(rawValue: 0)))
    }

    /// Every document in a file of its own, in reversed order: the same workloads and the same policy.
    @Test func theOrderOfDocumentsMeansNothing() throws {
        let files = try MutatedCorpus("calico").files
        let documents = files.flatMap { file in
            String(decoding: file.bytes, as: UTF8.self).split(separator: "\n---\n").map(String.init)
        }
        let read = Self.read(files)
        let other = Self.read(
            documents.reversed().enumerated().map { PolicySource(name: "\($0.offset)", text: $0.element) })
        #expect(read.policy.layers.flatMap(\.tiers).count >= 6)
        #expect(read.workloads == other.workloads)
        #expect(read.policy == other.policy)
        #expect(read.findings.map(\.diagnostic.message).sorted() == other.findings.map(\.diagnostic.message).sorted())
    }

    /// Other names of namespaces, pods and tiers, whose order is another: the same answers.
    @Test func namesMeanNothing() throws {
        let text =
            Written.trio + Written.tier("sec", "order: 3")
            + Written.calico(
                nil,
                "tier: sec, order: 2, selector: app == 'b', ingress: [{action: Deny, source: {selector: projectcalico.org/namespace == 'one' && app == 'a'}}, {action: Pass}]",
                name: "sec.x")
            + Written.calico(
                "two",
                "order: 1, ingress: [{action: Allow, protocol: TCP, source: {namespaceSelector: team == 'red'}, destination: {ports: [web]}}]"
            )
        func other(_ text: String) -> String {
            text.replacing("Network", with: "Net#").replacing("one", with: "zeta").replacing("two", with: "alpha")
                .replacing("sec", with: "aaa").replacing("Net#", with: "Network")
        }
        let renamed = other(text)
        #expect(!renamed.contains("one/") && renamed.contains("zeta"))
        let (first, second) = (CalicoWorld(text), CalicoWorld(renamed))
        for (source, destination, ports) in [
            ("one/a[Pod]", "two/b[Pod]", ""), ("one/c[Pod]", "two/b[Pod]", "8081"),
            ("two/b[Pod]", "one/c[Pod]", "0-65535"),
        ] {
            #expect(try first.tcp(source, destination) == ports)
            #expect(try second.tcp(other(source), other(destination)) == ports)
        }
    }

    private static let words = [
        "{}", "[]", "null", ": ", "\n---\n", "- ", "&a ", "*a", "\"", "'", "-1", "65536", "80:90", "90:80", "0.0.0.0/0",
        "10.0.0.0/99",
        "::/0", "selector: all()", "global()", "!(", "((((", "has(a)", " && ", "||", "in {'a'}", "contains 'a'", "Pass",
        "Log", "order: 1e400",
        "order: nan", "tier: none", "notSelector: ''", "namespaceSelector: all()", "protocol: ICMP", "icmp: {type: 8}",
        "notICMP: {type: 8}",
        "GlobalNetworkPolicy", "NetworkSet", "HostEndpoint", "hostNetwork: true", "\u{202E}", "\u{0}", "\t",
        "kind: List\nitems:\n",
    ]

    @Test func theCorpusIsReadWithoutAnError() throws {
        let corpus = try MutatedCorpus("calico")
        #expect(corpus.files.count >= 4)
        let read = Self.read(corpus.files)
        #expect(!read.hasErrors, "\(read.findings)")
    }

    @Test func damageNeverStopsTheReader() throws {
        let corpus = try MutatedCorpus("calico")
        var readable = 0
        for round in 0..<MutatedCorpus.rounds {
            let file = corpus.file(round, words: Self.words)
            let read = Self.read([file])
            if !read.hasErrors { readable += 1 }
            let ids = read.workloads.map(\.id)
            #expect(Set(ids).count == ids.count)
            #expect(ids == ids.sorted())
            #expect(read.workloads.allSatisfy { !$0.addresses.isEmpty })
            #expect(read.findings.allSatisfy { $0.diagnostic.location?.file ?? file.name == file.name })
            // The engine takes whatever a reader makes.
            let engine = PolicyEngine(workloads: read.workloads, policy: read.policy)
            #expect(engine.workloads.count == read.workloads.count)
        }
        #expect(readable > MutatedCorpus.rounds / 20)
        #expect(readable < MutatedCorpus.rounds)
    }
}
