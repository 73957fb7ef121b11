import Commands
import Foundation
import NetworkTypes
import Testing

/// `bulkhead connectivity`, against what other people expect of the same manifests.
struct ConnectivityTests {
    /// The cases of netpol-analyzer, by name.
    static let cases: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { FileManager.default.fileExists(atPath: folder.path + "/\($0)/expected.txt") }.sorted()
    }()
    private static let folder = FlowsFixture.testData.appending(path: "kubernetes/netpol-analyzer")

    /// One connection of elementary ends: a range that no line cuts, or a workload.
    private struct Connection: Hashable {
        let from: String
        let to: String
        let allowed: String
    }

    /// The connections of a text, ranges cut at every bound of both texts.
    private static func connections(_ text: String, cuts: Set<UInt128>) throws -> Set<Connection> {
        var result: Set<Connection> = []
        for line in text.split(separator: "\n") {
            let (from, to, allowed) = try parts(line)
            for source in pieces(from, cuts) {
                for destination in pieces(to, cuts) {
                    result.insert(Connection(from: source, to: destination, allowed: allowed))
                }
            }
        }
        return result
    }

    private static func parts(_ line: Substring) throws -> (String, String, String) {
        let match = try #require(line.wholeMatch(of: #/(.*) => (.*) : (.*)/#), "no connection: \(line)")
        return (String(match.1), String(match.2), String(match.3))
    }

    private static func range(_ end: String) -> AddressRange? {
        end.hasSuffix("[External]") ? AddressRange(end.dropLast("[External]".count)) : nil
    }

    private static func pieces(_ end: String, _ cuts: Set<UInt128>) -> [String] {
        guard let range = range(end) else { return [end] }
        let inside = cuts.filter { $0 > range.lower.bits && $0 <= range.upper.bits }.sorted()
        let starts = [range.lower.bits] + inside
        let ends = inside.map { $0 - 1 } + [range.upper.bits]
        return zip(starts, ends).map { "\($0)-\($1)" }
    }

    private static func cuts(_ texts: [String]) throws -> Set<UInt128> {
        var result: Set<UInt128> = []
        for line in texts.flatMap({ $0.split(separator: "\n") }) {
            let (from, to, _) = try parts(line)
            for range in [range(from), range(to)].compactMap(\.self) {
                result.insert(range.lower.bits)
                result.insert(range.upper.bits + 1)
            }
        }
        return result
    }

    @Test func allCasesAreThere() { #expect(Self.cases.count == 31) }

    @Test(arguments: cases) func everyCaseHasTheConnectionsThatOthersExpect(_ name: String) throws {
        let folder = Self.folder.appending(path: name)
        let expected = try String(contentsOf: folder.appending(path: "expected.txt"), encoding: .utf8)
        let result = try Invocation(["connectivity", "--from", "kubernetes", folder.path + "/input"])
        #expect(result.status == .fine)
        let cuts = try Self.cuts([expected, result.output])
        let (wanted, got) = (
            try Self.connections(expected, cuts: cuts), try Self.connections(result.output, cuts: cuts)
        )
        #expect(!wanted.isEmpty)
        #expect(wanted.subtracting(got) == [], "missing")
        #expect(got.subtracting(wanted) == [], "too much")
    }

    // MARK: Forms

    private static let manifests = """
        apiVersion: v1
        kind: Pod
        metadata: {name: web, namespace: shop, labels: {app: web}}
        spec: {containers: [{name: c}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: db, namespace: shop, labels: {app: db}}
        spec: {containers: [{name: c}]}
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: db, namespace: shop}
        spec:
          podSelector: {matchLabels: {app: db}}
          policyTypes: [Ingress, Egress]
          ingress:
            - from: [{podSelector: {matchLabels: {app: web}}}]
              ports: [{port: 5432}]
        """

    private func run(_ arguments: String..., manifests: String = Self.manifests) throws -> Invocation {
        try Invocation(["connectivity", "--from", "kubernetes", "-"] + arguments, input: manifests)
    }

    @Test func standardInputIsRead() throws {
        let result = try run()
        #expect(
            result.output == """
                0.0.0.0-255.255.255.255[External] => shop/web[Pod] : All Connections
                shop/web[Pod] => 0.0.0.0-255.255.255.255[External] : All Connections
                shop/web[Pod] => shop/db[Pod] : TCP 5432

                """)
        #expect(result.status == .fine)
    }

    @Test func jsonHasTheSameConnectionsAndSaysHowCertainTheyAre() throws {
        let object = try run("--format", "json").object()
        let connections = try #require(object["connections"] as? [[String: Any]])
        #expect(connections.count == 3)
        let last = try #require(connections.last)
        #expect(last["from"] as? String == "shop/web[Pod]" && last["to"] as? String == "shop/db[Pod]")
        #expect(last["certainty"] as? String == "must")
        let allow = try #require(last["allow"] as? [[String: String]])
        #expect(allow == [["protocol": "TCP", "ports": "5432"]])
        let lines = try run("--format", "jsonl").output.split(separator: "\n")
        #expect(lines.count == 3 && lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
    }

    @Test func addressesOfBothFamiliesAreListedWhereAskedFor() throws {
        let text = try run("--ipv6").output
        #expect(
            text.contains("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff[External] => shop/web[Pod] : All Connections"))
        #expect(text.contains("0.0.0.0-255.255.255.255[External] => shop/web[Pod]"))
    }

    @Test func aBrokenFileIsPassedOverWithItsPlaceAndExitCodeOne() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "connectivity-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(Self.manifests.utf8).write(to: folder.appending(path: "good.yaml"))
        try Data("kind: [".utf8).write(to: folder.appending(path: "bad.yaml"))
        let result = try Invocation(["connectivity", "--from", "kubernetes", folder.path])
        #expect(result.status == .found)
        #expect(result.errors.contains("/bad.yaml:"))
        #expect(result.output.contains("shop/web[Pod] => shop/db[Pod] : TCP 5432"))
    }

    /// Plugins differ in whether an `ipBlock` holds for pods (Kubernetes, "Network Policies"), so that is *may*.
    @Test func whatMayBeStandsOnStandardErrorAlone() throws {
        let pods = """
            apiVersion: v1
            kind: Pod
            metadata: {name: web, namespace: shop}
            status: {podIP: 10.1.0.1}
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: db, namespace: shop, labels: {app: db}}
            status: {podIP: 10.1.0.2}
            ---
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: db, namespace: shop}
            spec:
              podSelector: {matchLabels: {app: db}}
              ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 5432}]}]
            """
        let result = try run(manifests: pods)
        #expect(!result.output.contains("shop/web[Pod] => shop/db[Pod]"), "\(result.output)")
        #expect(result.errorLines.last == "may: shop/web[Pod] => shop/db[Pod] : TCP 5432", "\(result.errors)")
        #expect(result.output.contains("10.0.0.0-10.255.255.255[External] => shop/db[Pod] : TCP 5432\n"))
    }

    /// An answer from nothing would let everything pass.
    @Test(arguments: ["/nowhere/at/all", "-"]) func nothingToAnswerFromIsUnusable(_ path: String) throws {
        for command in [["connectivity"], ["decide"], ["policy", "review"]] {
            let result = try Invocation(command + ["--from", "kubernetes", path], input: "")
            #expect(result.status == .unusable && result.output.isEmpty, "\(command) \(result.output)")
            #expect(result.errorLines.count == 1 && result.errors.hasPrefix("bulkhead: error: "), "\(result.errors)")
        }
    }

    /// What decides about no traffic is passed over, but not in silence.
    @Test func objectsThatAreNotReadAreTold() throws {
        let service = "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: shop}\n"
        let result = try run(manifests: Self.manifests + service)
        #expect(result.status == .fine)
        #expect(result.errors.contains("[passed-over]") && result.errors.contains("`Service`"), "\(result.errors)")
        let object = try run("--format", "json", manifests: Self.manifests + service).object()
        let findings = try #require(object["findings"] as? [[String: Any]])
        #expect(findings.contains { $0["code"] as? String == "passed-over" && $0["effect"] as? String == "none" })
    }

    /// The same policy in Bulkhead's own words, so that the engine is one.
    @Test func ownPolicyIsListedToo() throws {
        let policy = try PolicyFile(PolicyFile.small)
        for arguments in [["--policy", policy.path], ["--from", "bulkhead", policy.path]] {
            let result = try Invocation(["connectivity"] + arguments)
            #expect(result.status == .fine)
            let lines = result.output.split(separator: "\n")
            #expect(lines.contains("web-1 => db-1 : TCP 5432"), "\(result.output)")
            #expect(!lines.contains { $0.hasPrefix("db-1 => web-1") })
            let all = try Invocation(["connectivity", "--essential"] + arguments).output
            #expect(all.contains("db-1 => 255.255.255.255-255.255.255.255[External] : UDP 67 from 68\n"))
        }
    }

    /// ICMP errors open nothing of their own, so what lets everything else pass lets everything pass.
    @Test func everythingOfOwnPolicyIsAllConnections() throws {
        let policy = try PolicyFile(
            """
            bulkhead: 1
            owner: shop team
            workloads:
              - {name: web-1, addresses: 10.0.1.1, labels: {app: shop}, agent: true}
              - {name: db-1, addresses: 10.0.2.1, labels: {app: shop}, agent: true}
            rulesets:
              - name: shop
                scope: app = shop
                rules: [{name: all, action: allow, from: {workloads: web-1}, to: {workloads: db-1}, services: any, reason: r}]
            enforcement: [{mode: full, members: app = shop}]
            """)
        let result = try Invocation(["connectivity", "--policy", policy.path])
        #expect(result.output == "web-1 => db-1 : All Connections\n", "\(result.output)\(result.errors)")
    }

    @Test func languagesAreMixedLayerByLayer() throws {
        let policy = try PolicyFile(
            """
            bulkhead: 1
            owner: shop team
            workloads:
              - {name: "shop/web", addresses: 10.0.1.1, labels: {app: shop}, agent: true}
              - {name: "shop/db", addresses: 10.0.2.1, labels: {app: shop}, agent: true}
            rulesets:
              - name: shop
                scope: app = shop
                rules: [{name: all, action: allow, from: app = shop, to: app = shop, services: tcp/5000-6000, reason: r}]
            enforcement: [{mode: full, members: app = shop}]
            """)
        let pods = Self.manifests.replacing(
            "spec: {containers: [{name: c}]}", with: "spec: {containers: [{name: c}]}\nstatus: {podIP: 10.0.1.1}",
            maxReplacements: 1
        )
        .replacing(
            "labels: {app: db}}\nspec: {containers: [{name: c}]}",
            with: "labels: {app: db}}\nspec: {containers: [{name: c}]}\nstatus: {podIP: 10.0.2.1}")
        let mixed = try Invocation(
            ["connectivity", "--from", "kubernetes", "-", "--from", "bulkhead", policy.path], input: pods)
        #expect(mixed.output == "shop/web[Pod] => shop/db[Pod] : TCP 5432\n", "\(mixed.output)\(mixed.errors)")
        let explained = try Invocation(
            ["explain", "--from", "kubernetes", "-", "--from", "bulkhead", policy.path, "shop/web", "shop/db:5433"],
            input: pods)
        #expect(explained.output.contains("layer kubernetes") && explained.output.contains("layer bulkhead"))
        #expect(explained.output.contains("policy     denied"), "\(explained.output)\(explained.errors)")
        for ends in ["only shop/web reach shop/db", "only shop/web[Pod] reaches shop/db[Pod]"] {
            let asked = try Invocation(
                [
                    "policy", "ask", "--from", "kubernetes", "-", "--from", "bulkhead", policy.path, "--format", "text",
                    "\(ends) on tcp/5432",
                ], input: pods)
            #expect(asked.output == "yes\n", "\(asked.output)\(asked.errors)")
        }
    }
}
