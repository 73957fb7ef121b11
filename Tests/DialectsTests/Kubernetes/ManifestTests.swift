import Dialects
import NetworkTypes
import PolicyFiles
import PolicyModel
import Testing

/// How manifests are read: lists, documents, JSON, owners, and what is not understood.
@Suite struct ManifestTests {
    private let deny = Written.networkPolicy("two", "{podSelector: {}}")

    private func names(_ world: KubernetesWorld) -> [String] { world.read.workloads.map(\.id.rawValue) }

    @Test func documentsAndFilesAreOne() throws {
        #expect(try !KubernetesWorld(Written.pair + deny).passes(Written.a, Written.b))
        #expect(try !KubernetesWorld(deny, Written.pair).passes(Written.a, Written.b))
    }

    /// `kubectl get -o yaml` writes a `v1 List`; clients write typed lists, whose items may lack version and kind.
    @Test func listsAreTheirItems() throws {
        let list = """
            {"apiVersion": "v1", "kind": "List", "items": [
              {"apiVersion": "v1", "kind": "PodList", "items": [
                {"metadata": {"name": "x", "namespace": "one"}}, {"metadata": {"name": "y", "namespace": "one"}}]},
              {"kind": "NetworkPolicyList", "apiVersion": "networking.k8s.io/v1", "items": [
                {"metadata": {"name": "p", "namespace": "one"}, "spec": {"podSelector": {}}}]}]}
            """
        let world = KubernetesWorld([PolicySource(name: "a.json", text: list)])
        #expect(names(world) == ["one/x[Pod]", "one/y[Pod]"])
        #expect(try !world.passes("one/x[Pod]", "one/y[Pod]"))
    }

    @Test(arguments: [
        ("metadata: {a: &x b, c: *x}", "yaml-alias"), ("metadata: {name: x", "yaml-syntax"),
        ("a: 1\na: 2", "duplicate-key"),
        ("a: !!binary aGVsbG8=", "yaml-tag"), ("- a", "wrong-kind"), ("just words", "wrong-kind"),
        ("a: b", "missing-key"),
        ("apiVersion: v1\nkind: [Pod]", "wrong-kind"), ("apiVersion: v1\nkind: Pod\nmetadata: {}", "invalid-name"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: \"a/b\"}", "invalid-name"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: [x]}", "wrong-kind"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: \"a b\"}}", "invalid-label"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: 1.5}}", "invalid-label"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: \"true\"}", "invalid-boolean"),
        ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}", "missing-key"),
        ("apiVersion: v1\nkind: List\nitems: {a: b}", "wrong-kind"),
    ]) func aBrokenDocumentLeavesTheOthers(document: String, code: String) throws {
        let world = KubernetesWorld(Written.pair + document + "\n---\n" + deny)
        #expect(world.read.findings.map(\.diagnostic.code) == [code])
        #expect(world.read.findings.map(\.effect) == [.leftOut])
        #expect(world.read.hasErrors)
        let line = try #require(world.read.findings.first?.diagnostic.location?.line)
        let first = Written.pair.split(separator: "\n", omittingEmptySubsequences: false).count
        #expect((first...(first + 4)).contains(line))
        #expect(try !world.passes(Written.a, Written.b))
    }

    @Test func aFileThatIsNoTextLeavesTheOthers() throws {
        let world = KubernetesWorld([
            PolicySource(name: "a", bytes: [0xFF, 0xFE, 0x00]), PolicySource(name: "b", text: Written.pair + deny),
        ])
        #expect(world.read.findings.map(\.diagnostic.code) == ["not-utf8"])
        #expect(try !world.passes(Written.a, Written.b))
    }

    @Test func theSameObjectTwiceIsAnError() {
        let world = KubernetesWorld(Written.pair + deny + deny)
        #expect(world.serious.map { $0.prefix(24) } == ["duplicate-object leftOut"])
        #expect(world.read.hasErrors)
        #expect(KubernetesWorld(Written.pair + Written.namespace("one", "team: red")).findings == [])
    }

    @Test func depthIsBounded() {
        let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
        #expect(KubernetesWorld("a: \(deep)").read.findings.map(\.diagnostic.code).contains("too-deep"))
        let bottomless = String(repeating: "[", count: 200_000)
        #expect(KubernetesWorld("a: \(bottomless)").read.hasErrors)
        var list = Written.pod("one", "x").replacing("\n---\n", with: "")
        for _ in 0..<6 {
            list = "apiVersion: v1\nkind: List\nitems:\n- " + list.replacing("\n", with: "\n  ")
        }
        #expect(KubernetesWorld(list).read.findings.map(\.diagnostic.code) == ["too-deep"])
    }

    @Test func valuesAreBounded() {
        let source = PolicySource(name: "a", text: "a: [\(String(repeating: "1,", count: 2_000))]\n---\nb: 1")
        let read = KubernetesReader.read([source], DialectOptions(now: Instant(rawValue: 0)), maximumNodes: 1_000)
        #expect(read.findings.map(\.diagnostic.code).contains("too-large"))
        #expect(read.hasErrors)
    }

    @Test func findingsAreBounded() {
        let many = (0..<3_000).map { "a: \($0)\n---\n" }.joined()
        let read = KubernetesWorld(many).read
        #expect(read.findings.count == 1_001)
        #expect(read.findings.last?.diagnostic.code == "too-many-findings")
        #expect(read.isPartial)
    }

    /// Pods are called after their topmost owner; a node that runs a static pod is no owner.
    @Test(arguments: [
        ("{kind: ReplicaSet, name: r, controller: true}", "one/r[ReplicaSet]"),
        ("{kind: Node, name: n, controller: true}", "one/x[Pod]"), ("{name: o, controller: true}", "one/o[Pod]"),
        ("{kind: ReplicaSet, name: r}", "one/x[Pod]"), ("{kind: Widget, name: w, controller: true}", "one/w[Widget]"),
    ]) func podsAreCalledAfterTheirOwner(reference: String, name: String) {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: one, ownerReferences: [\(reference)]}"
        #expect(names(KubernetesWorld(pod)) == [name])
    }

    @Test func podsOfOneOwnerShareItsName() {
        let pods = ["x", "y"].map {
            "apiVersion: v1\nkind: Pod\nmetadata: {name: \($0), namespace: one, labels: {l: \($0)}, ownerReferences: [{kind: Job, name: j, controller: true}]}\n---\n"
        }.joined()
        let world = KubernetesWorld(pods)
        #expect(names(world) == ["one/j[Job]/x", "one/j[Job]/y"])
        #expect(world.read.names == ["one/j[Job]/x": "one/j[Job]", "one/j[Job]/y": "one/j[Job]"])
    }

    /// A dump of a cluster holds a Deployment, its ReplicaSet and the pods: they are one workload.
    @Test func aTemplateStandsForPodsThatAreNotThere() {
        let template = "template: {metadata: {labels: {app: d}}}"
        let deployment =
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: one}\nspec: {\(template)}\n---\n"
        let set =
            "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: d-1, namespace: one, ownerReferences: [{kind: Deployment, name: d, controller: true}]}\nspec: {\(template)}\n---\n"
        let pod =
            "apiVersion: v1\nkind: Pod\nmetadata: {name: d-1-a, namespace: one, labels: {app: d}, ownerReferences: [{kind: ReplicaSet, name: d-1, controller: true}]}\nstatus: {podIP: 10.0.0.9}\n---\n"
        #expect(names(KubernetesWorld(deployment)) == ["one/d[Deployment]"])
        #expect(names(KubernetesWorld(set)) == ["one/d-1[ReplicaSet]"])
        #expect(names(KubernetesWorld(deployment + set)) == ["one/d[Deployment]"])
        let all = KubernetesWorld(pod + set + deployment)
        #expect(names(all) == ["one/d[Deployment]"])
        #expect(all.read.workloads.map(\.addresses) == [[IPAddress(ipv4: 0x0A00_0009)]])
        #expect(all.read.standIns == [])
    }

    @Test(arguments: [
        ("apps/v1", "Deployment", "template"), ("apps/v1", "StatefulSet", "template"),
        ("apps/v1", "DaemonSet", "template"),
        ("apps/v1", "ReplicaSet", "template"), ("batch/v1", "Job", "template"),
        ("v1", "ReplicationController", "template"),
        ("batch/v1", "CronJob", "jobTemplate"),
    ]) func everyKindOfWorkloadIsRead(version: String, kind: String, field: String) throws {
        let pod =
            "{metadata: {labels: {app: x}}, spec: {containers: [{name: c, ports: [{name: web, containerPort: 8080}]}]}}"
        let spec = field == "template" ? "{template: \(pod)}" : "{jobTemplate: {spec: {template: \(pod)}}}"
        let text = "apiVersion: \(version)\nkind: \(kind)\nmetadata: {name: w, namespace: one}\nspec: \(spec)"
        let policy = Written.networkPolicy(
            "one", "{podSelector: {matchLabels: {app: x}}, ingress: [{ports: [{port: web}]}]}")
        let world = KubernetesWorld(Written.pair, text, policy)
        #expect(try world.passes(Written.b, "one/w[\(kind)]", .tcp, 8080))
        #expect(try !world.passes(Written.b, "one/w[\(kind)]", .tcp, 80))
    }

    /// What an object of another kind does to answers.
    @Test(arguments: [
        ("v1", "Service", DialectFinding.Effect.none), ("v1", "ConfigMap", .none),
        ("networking.k8s.io/v1", "Ingress", .none),
        ("rbac.authorization.k8s.io/v1", "Role", .none), ("policy/v1", "PodDisruptionBudget", .none),
        ("cilium.io/v2", "CiliumNetworkPolicy", .leftOut), ("projectcalico.org/v3", "GlobalNetworkPolicy", .leftOut),
        ("security.istio.io/v1", "AuthorizationPolicy", .leftOut), ("k8s.ovn.org/v1", "EgressFirewall", .leftOut),
        ("policy.networking.k8s.io/v1alpha1", "ClusterNetworkPolicy", .leftOut),
        ("networking.k8s.io/v2", "NetworkPolicy", .leftOut),
    ]) func otherKindsAreNamedOnce(version: String, kind: String, effect: DialectFinding.Effect) {
        let object = "apiVersion: \(version)\nkind: \(kind)\nmetadata: {name: x}\n---\n"
        let world = KubernetesWorld(object + object.replacing("name: x", with: "name: y"))
        #expect(world.read.findings.map(\.effect) == [effect])
        #expect(world.read.findings.map(\.diagnostic.severity) == [.warning])
    }

    @Test func podsOfAnUnknownKindAreLeftOut() {
        let text =
            "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r}\nspec: {template: {spec: {containers: [{name: c}]}}}"
        #expect(KubernetesWorld(text).serious == ["unknown-kind leftOut 1"])
    }

    /// RFC 1112 §4 and RFC 6666: no host has these addresses.
    @Test func standInsAreDeterministicAndTheirOwn() throws {
        let pods = (0..<500).map { Written.pod("one", "p\($0)") }
        let read = KubernetesWorld([PolicySource(name: "a", text: pods.joined())], families: [.ipv4, .ipv6]).read
        let again = KubernetesWorld(
            [PolicySource(name: "b", text: pods.reversed().joined())], families: [.ipv4, .ipv6]
        ).read
        #expect(read.workloads == again.workloads)
        let all = read.workloads.flatMap(\.addresses)
        #expect(all.count == 1_000)
        #expect(Set(all).count == 1_000)
        #expect(read.standIns == Set(all))
        let blocks = [try #require(Prefix("240.0.0.0/4")), try #require(Prefix("100::/64"))]
        #expect(all.allSatisfy { address in blocks.contains { $0.contains(address) } })
        let alone = KubernetesWorld(Written.pod("one", "p7")).read
        #expect(
            alone.workloads.first?.addresses.first == read.workloads.first { $0.id == "one/p7[Pod]" }?.addresses.first)
    }

    @Test func anAddressOfTwoPodsIsNeithers() throws {
        let text =
            Written.pod("one", "x", status: "podIP: 10.0.0.1") + Written.pod("one", "y", status: "podIP: 10.0.0.1")
            + Written.pod("one", "z", status: "podIP: 10.0.0.1, phase: Succeeded")
        let world = KubernetesWorld(text)
        #expect(world.read.standIns.count == 3)
        #expect(world.findings.filter { $0.hasPrefix("shared-address none") }.count == 2)
    }
}
