import NetworkTypes
import PolicyModel

extension PolicyReader {
    mutating func readServices(_ sections: [Section]) {
        var names: [String: Diagnostic.Location] = [:]
        for section in sections {
            for entry in freeMapping(section.tree, "services") {
                guard name(entry.key, .word("a service")) else { continue }
                guard !ServiceText.reserved.contains(entry.key.text) else {
                    findings.report(
                        .reservedName,
                        "expected another name for a service, got `\(entry.key.text)`, which has a meaning of its own",
                        at: entry.key.location)
                    continue
                }
                guard claim(entry.key, "service", in: &names) else { continue }
                var terms: [ServiceTerm] = []
                for scalar in scalars(entry.value, of: "a service such as `tcp/443`") {
                    if let term = serviceTerm(scalar) { terms.append(term) }
                }
                if case .scalar(let scalar) = entry.value, scalar.text.isEmpty {
                    findings.report(
                        .emptyValue, "expected a service such as `tcp/443`, got nothing", at: scalar.location)
                }
                services[entry.key.text] = terms
            }
        }
    }

    mutating func readAddressSets(_ sections: [Section]) {
        var names: [String: Diagnostic.Location] = [:]
        for section in sections {
            for entry in freeMapping(section.tree, "address sets") {
                guard name(entry.key, .word("an address set")) else { continue }
                guard !PolicyFormat.reservedSets.contains(entry.key.text) else {
                    findings.report(
                        .reservedName,
                        "expected another name for an address set, got `\(entry.key.text)`, which has a meaning of its own",
                        at: entry.key.location)
                    continue
                }
                guard claim(entry.key, "address set", in: &names) else { continue }
                var ranges: [AddressRange] = []
                for scalar in scalars(entry.value, of: "an address, a prefix or a range") {
                    do throws(TextFault) {
                        ranges.append(try AddressText.range(scalar.text))
                    } catch {
                        findings.report(error, in: scalar)
                    }
                }
                if case .scalar(let scalar) = entry.value, scalar.text.isEmpty {
                    findings.report(.emptyValue, "expected an address, got nothing", at: scalar.location)
                }
                addressSets[entry.key.text] = AddressSet(ranges)
            }
        }
    }

    /// Reads one term; a port name is remembered with its place.
    private mutating func serviceTerm(_ scalar: Scalar) -> ServiceTerm? {
        do throws(TextFault) {
            let term = try ServiceText.term(scalar.text)
            if case .named(let name) = term { portNameUses.append((name, scalar.location)) }
            return term
        } catch {
            findings.report(error, in: scalar)
            return nil
        }
    }

    /// The terms of a rule's services, in the order written; named services give their terms.
    mutating func serviceTerms(_ tree: Tree?) -> [ServiceTerm] {
        var terms: [ServiceTerm] = []
        for scalar in scalars(tree, of: "a service") {
            if let named = services[scalar.text] {
                terms += named
            } else if ServiceText.isTerm(scalar.text) {
                if let term = serviceTerm(scalar) { terms.append(term) }
            } else {
                let hint = Suggestion.hint(
                    for: scalar.text, among: services.keys.sorted() + ServiceText.protocols + ["any"])
                findings.report(
                    .unknownService,
                    "expected a service that `services` defines or a term such as `tcp/443`, got `\(scalar.text.prefix(60))`\(hint)",
                    at: scalar.location)
            }
        }
        // Two names may share a term.
        var seen = Set<ServiceTerm>()
        return terms.filter { seen.insert($0).inserted }
    }
}
