import NetworkTypes
public import PolicyFiles
import PolicyModel

/// Reads the policies of Calico, and those of Kubernetes that it enforces with them (`docs/dialects/calico.md`).
public enum CalicoReader: DialectReader {
    /// Reads the files as the state of one cluster that runs Calico; the order of files and of objects in them means nothing.
    public static func read(_ sources: [PolicySource], _ options: DialectOptions) -> DialectPolicy {
        var findings = DialectFindings()
        var manifests = ManifestReader()
        for source in sources { manifests.read(source, findings: &findings) }
        var own: [(object: Manifest, kind: CalicoKind)] = []
        var others: [Manifest] = []
        for object in manifests.objects {
            if let kind = CalicoObjects.kind(object) { own.append((object, kind)) } else { others.append(object) }
        }
        let calico = CalicoObjects.distinct(own, findings: &findings)
        let objects = KubernetesReader.distinct(others, findings: &findings)
            .sorted { KubernetesReader.order($0) < KubernetesReader.order($1) }

        var pods = KubernetesCluster()
        for object in objects { KubernetesReader.readPeople(object, into: &pods, findings: &findings) }
        pods.settle(families: options.standInFamilies, findings: &findings)
        let cluster = cluster(pods, objects, calico, options, findings: &findings)

        var policy = CalicoPolicy(cluster: cluster, findings: findings)
        for (object, kind) in calico where kind == .tier {
            attempt(object, &policy) { policy throws(Refusal) in
                policy.add(try CalicoTier.read(object, findings: &policy.findings))
            }
        }
        for (object, kind) in calico {
            switch kind {
            case .policy(let kind):
                attempt(object, &policy) { policy throws(Refusal) in try policy.addPolicy(object, kind) }
            case .staged, .other: policy.reportOther(object, kind)
            case .tier, .networkSet, .hostEndpoint: break
            }
        }
        for object in objects where !isRead(object) { policy.addKubernetes(object) }

        var sets: [AddressSetID: AddressSet] = [:]
        for set in cluster.sets { sets[set.id] = set.addresses }
        return DialectPolicy(
            dialects: [.calico], workloads: cluster.workloads.sorted { $0.id < $1.id },
            policy: FlatPolicy(layers: [policy.layer()], addressSets: sets), names: pods.names,
            standIns: cluster.standIns, protocols: policy.protocols, origins: policy.origins,
            findings: policy.findings.sorted(files: sources.map(\.name)))
    }

    /// What is read besides what Kubernetes' own policies need.
    private static func isRead(_ object: Manifest) -> Bool {
        object.group.isEmpty && ["ServiceAccount", "Service"].contains(object.kind)
    }

    private static func cluster(
        _ pods: KubernetesCluster, _ objects: [Manifest], _ calico: [(object: Manifest, kind: CalicoKind)],
        _ options: DialectOptions, findings: inout DialectFindings
    ) -> CalicoCluster {
        var accounts: [String: Labels] = [:]
        for object in objects where isRead(object) && object.kind == "ServiceAccount" {
            do throws(Refusal) {
                accounts["\(object.namespaceOrDefault)/\(object.name)"] = try CalicoCluster.labels(ofAccount: object)
            } catch {
                findings.report(error, of: "the object")
            }
        }
        var cluster = CalicoCluster(pods, accounts: accounts, families: options.standInFamilies)
        for object in objects where isRead(object) && object.kind == "Service" { cluster.addService(object) }
        for (object, kind) in calico {
            do throws(Refusal) {
                switch kind {
                case .networkSet: try cluster.addNetworkSet(object, findings: &findings)
                case .hostEndpoint: try cluster.addHostEndpoint(object, findings: &findings)
                case .policy, .tier, .staged, .other: break
                }
            } catch {
                findings.report(error, of: "the object")
            }
        }
        cluster.reportHostNetwork(findings: &findings)
        return cluster
    }

    private static func attempt(
        _ object: Manifest, _ policy: inout CalicoPolicy, _ read: (inout CalicoPolicy) throws(Refusal) -> Void
    ) {
        do throws(Refusal) {
            try read(&policy)
        } catch {
            policy.findings.report(error, of: "the object")
        }
    }
}

extension CalicoPolicy {
    /// Says what is passed over: once for each kind, but for what changes answers.
    mutating func reportOther(_ object: Manifest, _ kind: CalicoKind) {
        if object.kind == "FelixConfiguration" {
            let spec = object.tree["spec"]
            for field in ["failsafeInboundHostPorts", "failsafeOutboundHostPorts"] {
                guard let written = spec?[field] else { continue }
                failsafeDoubt = "`\(field)` of FelixConfiguration is not read"
                findings.report(
                    .warning, "failsafe", "`\(field)` is not read; what hosts always keep open is answered as may",
                    at: written.location, effect: .may)
            }
        }
        guard kubernetes.passedOver.insert("\(object.group)/\(object.kind)").inserted else { return }
        if kind == .staged {
            findings.report(
                .warning, "passed-over", "`\(object.kind)` is not read: staged policy is not enforced",
                at: object.location,
                effect: .none)
        } else if ["Profile", "WorkloadEndpoint"].contains(object.kind) {
            findings.report(
                .warning, "unknown-kind",
                "`\(object.kind)` of `\(object.apiVersion)` is not understood; what it says is left out",
                at: object.location, effect: .leftOut)
        } else {
            findings.report(
                .warning, "passed-over", "`\(object.kind)` of `\(object.apiVersion)` is not read: no policy needs it",
                at: object.location, effect: .none)
        }
    }
}
