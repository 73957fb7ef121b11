import NetworkTypes
import PolicyModel

extension PolicyReader {
    mutating func readWorkloads(_ sections: [Section]) {
        var names: [String: Diagnostic.Location] = [:]
        for (record, _) in records(sections, as: PolicyFormat.workload) {
            let named = name(record["name"], .workload)
            var addresses: [IPAddress] = []
            var places: [Diagnostic.Location] = []
            for scalar in scalars(record["addresses"], of: "an address") {
                guard let address = ownAddress(scalar) else { continue }
                if let first = addresses.firstIndex(of: address) {
                    findings.report(
                        .duplicateItem, "expected each address once, got `\(address)` again", at: scalar.location,
                        related: [places[first]])
                    continue
                }
                addresses.append(address)
                places.append(scalar.location)
            }
            let labels = labels(record["labels"])
            let hasAgent = boolean(record["agent"])
            let enforcesAttributes = boolean(record["enforcesAttributes"])
            if enforcesAttributes, !hasAgent {
                findings.report(
                    .needsAgent, "expected `agent: true` beside `enforcesAttributes`",
                    at: record.place("enforcesAttributes"))
            }
            let hostname = hostname(record["hostname"])
            let ports = namedPorts(record["ports"])
            guard let named, claim(named, "workload", in: &names) else { continue }
            let workload = Workload(
                id: WorkloadID(rawValue: named.text), labels: labels.mapValues(\.value), addresses: addresses,
                namedPorts: ports, enforcesAttributes: enforcesAttributes)
            labelProvenance[workload.id] = labels.mapValues { .workload($0.location) }
            workloadIndex[named.text] = workloads.count
            workloads.append(
                NamedWorkload(
                    workload: workload, hostname: hostname, hasAgent: hasAgent, location: named.location,
                    addressLocations: places))
        }
    }

    /// An address that a host can own: no group, no broadcast, not the unspecified one.
    private mutating func ownAddress(_ scalar: Scalar) -> IPAddress? {
        do throws(TextFault) {
            let address = try AddressText.address(scalar.text)
            // RFC 1122 §3.2.1.3, RFC 4291 §2.5.2.
            let isBroadcast = address.family == .ipv4 && address.bits == 0xFFFF_FFFF
            guard !address.isMulticast, !isBroadcast, address.bits != 0 else {
                throw TextFault(.invalidAddress, "expected the address of a host, got `\(address)`")
            }
            return address
        } catch {
            findings.report(error, in: scalar)
            return nil
        }
    }

    /// Labels with the places of their keys.
    mutating func labels(_ tree: Tree?) -> [LabelKey: (value: LabelValue, location: Diagnostic.Location)] {
        var result: [LabelKey: (value: LabelValue, location: Diagnostic.Location)] = [:]
        for entry in freeMapping(tree, "labels") {
            guard let key = labelKey(entry.key), case .scalar(let scalar) = entry.value else {
                if case .scalar = entry.value { continue }
                findings.report(
                    .wrongKind, "expected one value for the label, got \(entry.value.kind)", at: entry.value.location)
                continue
            }
            guard !scalar.isMissing else {
                findings.report(
                    .emptyValue, "expected a value for the label `\(key)`, got nothing", at: scalar.location)
                continue
            }
            guard checkASCII(scalar, what: "a label value") else { continue }
            guard let value = LabelValue(scalar.text) else {
                findings.report(
                    .invalidLabel,
                    "expected at most 255 printable characters without space at the ends as label value, got `\(scalar.text.prefix(60))`",
                    at: scalar.location)
                continue
            }
            result[key] = (value, entry.key.location)
        }
        return result
    }

    /// A label dimension of the right form that is no word of the selector language.
    mutating func labelKey(_ scalar: Scalar) -> LabelKey? {
        guard checkASCII(scalar, what: "a label dimension") else { return nil }
        guard !PolicyFormat.reservedLabels.contains(scalar.text), !scalar.text.hasPrefix("bulkhead/") else {
            findings.report(
                .reservedName, "expected another label dimension, got `\(scalar.text)`, which policy itself uses",
                at: scalar.location)
            return nil
        }
        guard let key = LabelKey(scalar.text) else {
            findings.report(
                .invalidLabel,
                "expected a label dimension: letters, digits and `_ - . /`, starting with a letter, at most 321; got `\(scalar.text.prefix(60))`",
                at: scalar.location)
            return nil
        }
        return key
    }

    /// The inventory's name of a host (RFC 1123 §2.1, and `_`).
    private mutating func hostname(_ tree: Tree?) -> String? {
        guard let tree, let scalar = scalar(tree, "a host name") else { return nil }
        guard checkASCII(scalar, what: "a host name") else { return nil }
        guard HostNamePattern.isName(scalar.text) else {
            findings.report(
                .invalidName, "expected a host name, got `\(scalar.text.prefix(60))`", at: scalar.location)
            return nil
        }
        return scalar.text
    }

    private mutating func namedPorts(_ tree: Tree?) -> [PortName: [ProtocolPort]] {
        var result: [PortName: [ProtocolPort]] = [:]
        for entry in freeMapping(tree, "ports") {
            guard name(entry.key, .word("a port")) else { continue }
            var ports: [ProtocolPort] = []
            for scalar in scalars(entry.value, of: "a port such as `tcp/8080`") {
                do throws(TextFault) {
                    let flow = try ServiceText.flow(scalar.text)
                    guard flow.proto.hasPorts, flow.source == nil else {
                        throw TextFault(
                            .invalidService, "expected a port such as `tcp/8080`, got `\(scalar.text.prefix(60))`")
                    }
                    ports.append(ProtocolPort(flow.proto, flow.destination))
                } catch {
                    findings.report(error, in: scalar)
                }
            }
            result[PortName(rawValue: entry.key.text)] = ports.sorted()
        }
        return result
    }
}
