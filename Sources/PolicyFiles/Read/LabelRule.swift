import NetworkTypes
import PolicyModel

/// Labels that workloads get from where they are or what the inventory calls them.
struct LabelRule {
    let name: String
    /// One of these must hold an address of the workload; nil asks for none.
    let subnets: [Prefix]?
    /// One of these must cover the workload's host name; nil asks for none.
    let hostnames: [HostNamePattern]?
    let labels: [LabelKey: LabelValue]
    let location: Diagnostic.Location

    func holds(for entry: PolicyReader.NamedWorkload) -> Bool {
        if let subnets {
            let inside = entry.workload.addresses.contains { address in subnets.contains { $0.contains(address) } }
            guard inside else { return false }
        }
        if let hostnames {
            guard let name = entry.hostname, hostnames.contains(where: { $0.matches(name) }) else { return false }
        }
        return true
    }
}

extension PolicyReader {
    mutating func readLabelRules(_ sections: [Section]) {
        var names: [String: Diagnostic.Location] = [:]
        for (record, defaults) in records(sections, as: PolicyFormat.labelRule) {
            let named = name(record["name"], .rule("a label rule"))
            _ = documentation(record, defaults)
            var subnets: [Prefix]?
            if record["subnet"] != nil {
                subnets = []
                for scalar in scalars(record["subnet"], of: "a prefix such as `10.0.1.0/24`") {
                    do throws(TextFault) {
                        subnets?.append(try AddressText.prefix(scalar.text))
                    } catch {
                        findings.report(error, in: scalar)
                    }
                }
            }
            var hostnames: [HostNamePattern]?
            if record["hostname"] != nil {
                hostnames = []
                for scalar in scalars(record["hostname"], of: "a host name pattern such as `web-*`") {
                    guard checkASCII(scalar, what: "a host name pattern") else { continue }
                    guard let pattern = HostNamePattern(scalar.text) else {
                        findings.report(
                            .invalidName,
                            "expected a host name pattern such as `web-*`, got `\(scalar.text.prefix(60))`",
                            at: scalar.location)
                        continue
                    }
                    hostnames?.append(pattern)
                }
            }
            if subnets == nil, hostnames == nil {
                findings.report(
                    .missingKey, "expected `subnet` or `hostname` in a label rule", at: record.location)
            }
            let labels = labels(record["labels"]).mapValues(\.value)
            guard let named, claim(named, "label rule", in: &names) else { continue }
            labelRules.append(
                LabelRule(
                    name: named.text, subnets: subnets, hostnames: hostnames, labels: labels,
                    location: named.location))
        }
        labelRules.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Gives workloads the labels of the rules that hold for them; what a workload states itself stays.
    mutating func applyLabelRules() {
        for index in workloads.indices {
            let entry = workloads[index]
            let stated = entry.workload.labels
            var given: [LabelKey: LabelRule] = [:]
            for rule in labelRules where rule.holds(for: entry) {
                for (key, value) in rule.labels.sorted(by: { $0.key < $1.key }) where stated[key] == nil {
                    if let first = given[key], let other = first.labels[key] {
                        guard other != value else { continue }
                        findings.report(
                            .labelConflict,
                            "expected one value of `\(key)` for `\(entry.workload.id)`, got `\(other)` from label rule `\(first.name)` and `\(value)` from `\(rule.name)`",
                            at: entry.location, related: [first.location, rule.location])
                        continue
                    }
                    given[key] = rule
                    workloads[index].workload.labels[key] = value
                    labelProvenance[entry.workload.id, default: [:]][key] = .labelRule(rule.name, rule.location)
                }
            }
        }
    }
}
