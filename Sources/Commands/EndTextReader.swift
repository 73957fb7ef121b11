import Dialects
import Foundation
import NetworkTypes
import PolicyAnalysis
import PolicyFiles
import PolicyModel

/// Reads ends and services as somebody types them in a question.
struct EndTextReader {
    private let asked: AskedPolicy
    private let workloads: [String: [WorkloadID]]

    init(_ asked: AskedPolicy) throws {
        self.asked = asked
        var workloads: [String: [WorkloadID]] = [:]
        for workload in asked.workloads {
            for name in asked.names(of: workload.id) { workloads[name, default: []].append(workload.id) }
        }
        self.workloads = workloads
    }

    /// An end: `any`, `anyWorkload`, a workload's name, an address, prefix or range, an address set, or a selector.
    func end(_ text: String) throws -> EndExpression {
        // A question that was typed as one argument may quote its ends.
        let isQuoted = text.hasPrefix("'") && text.hasSuffix("'") && text.count > 1
        let text = isQuoted ? String(text.dropFirst().dropLast()) : text
        switch text {
        case "any": return .any
        case "anyWorkload": return .anyWorkload
        default: break
        }
        if let ids = workloads[text] { return ids.count == 1 ? .workload(ids[0]) : .union(ids.map { .workload($0) }) }
        if let range = AddressRange(text) { return .addresses(AddressSet([range])) }
        let set = AddressSetID(rawValue: text)
        if asked.policy.addressSets[set] != nil { return .addressSet(set) }
        do {
            return .selector(try Selector(parsing: text))
        } catch {
            throw CommandError(
                "expected a workload, an address, an address set or a selector, got `\(text)`"
                    + Suggestion.hint(for: text, among: workloads.keys.sorted()))
        }
    }

    /// Services, separated by commas: the names of the policy's, or terms such as `tcp/443`.
    func services(_ text: String) throws -> ServiceSet {
        var terms: [ServiceTerm] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let word = part.trimmingCharacters(in: .whitespaces)
            if let named = asked.reading.loaded?.services[ServiceName(rawValue: word)] {
                terms += named
            } else {
                do {
                    terms.append(try ServiceText.term(word))
                } catch {
                    throw CommandError(error.message)
                }
            }
        }
        return ServiceSet(terms, in: asked.workloads)
    }
}
