import Flows
import Foundation
import NetworkTypes
import PolicyModel

/// Reads a flow from the JSON object of a line.
///
/// Understood are the names that `flows decode` prints and shorter ones; other members are ignored.
struct FlowInput {
    /// The addresses of the policy's workloads, so that an end may be named.
    let addresses: [String: [IPAddress]]

    init(_ workloads: [Workload]) {
        var addresses: [String: [IPAddress]] = [:]
        for workload in workloads { addresses[workload.id.rawValue] = workload.addresses }
        self.addresses = addresses
    }

    /// Why a line is no flow.
    struct Refusal: Error {
        let message: String

        init(_ message: String) { self.message = message }
    }

    private static let sourceNames = ["source", "src"]
    private static let destinationNames = ["destination", "dst"]
    private static let portNames = ["destinationPort", "port", "dport"]
    private static let sourcePortNames = ["sourcePort", "sport"]
    private static let protocolNames = ["protocol", "proto"]

    /// Reads one object; throws a `Refusal` with the member that is at fault.
    func flow(_ object: [String: Any]) throws(Refusal) -> Flow {
        let (source, destination) = try ends(
            try text(object, Self.sourceNames), try text(object, Self.destinationNames))
        let protoText = try text(object, Self.protocolNames)
        guard let proto = IPProtocol(protoText.lowercased()) else {
            throw Refusal("expected a protocol such as `tcp`, got `\(protoText)`")
        }
        var flow = Flow(source: FlowEnd(source), destination: FlowEnd(destination), proto: proto)
        if proto.hasPorts {
            guard let port = try number(object, Self.portNames, UInt16.self) else {
                throw Refusal("expected `destinationPort` for \(proto)")
            }
            flow.destinationPort = port
            flow.sourcePort = try number(object, Self.sourcePortNames, UInt16.self)
        }
        if proto.isICMP, let type = try number(object, ["icmpType"], UInt8.self) {
            flow.icmp = ICMPMessage(type: type, code: try number(object, ["icmpCode"], UInt8.self) ?? 0)
        }
        flow.source.process = try process(object["sourceProcess"], "sourceProcess")
        flow.destination.process = try process(object["destinationProcess"], "destinationProcess")
        flow.source.principal = try principal(object["sourcePrincipal"], "sourcePrincipal")
        flow.destination.principal = try principal(object["destinationPrincipal"], "destinationPrincipal")
        if let conditions = object["conditions"] {
            guard let known = conditions as? [String: Bool] else {
                throw Refusal("expected `conditions` to be an object of true and false")
            }
            for (name, value) in known { flow.conditions[ConditionName(rawValue: name)] = value }
        }
        return flow
    }

    /// The addresses of two ends, each an address or the name of a workload, in one family.
    func ends(_ source: String, _ destination: String) throws(Refusal) -> (IPAddress, IPAddress) {
        let from = try candidates(source)
        let to = try candidates(destination)
        for address in from {
            if let other = to.first(where: { $0.family == address.family }) { return (address, other) }
        }
        throw Refusal("`\(source)` and `\(destination)` have no address of one family")
    }

    private func candidates(_ text: String) throws(Refusal) -> [IPAddress] {
        if let address = IPAddress(text) { return [address] }
        guard let known = addresses[text] else {
            throw Refusal("expected an address or the name of a workload, got `\(text)`")
        }
        if known.isEmpty { throw Refusal("the workload `\(text)` has no address") }
        return known.sorted()
    }

    private func value(_ object: [String: Any], _ names: [String]) throws(Refusal) -> (name: String, value: Any)? {
        let found = names.filter { object[$0] != nil }
        if found.count > 1 { throw Refusal("`\(found[0])` and `\(found[1])` mean the same, expected one of them") }
        return found.first.flatMap { name in object[name].map { (name, $0) } }
    }

    private func text(_ object: [String: Any], _ names: [String]) throws(Refusal) -> String {
        guard let (name, value) = try value(object, names) else { throw Refusal("expected `\(names[0])`") }
        if let text = value as? String { return text }
        if names == Self.protocolNames, let number = value as? NSNumber, !Self.isBool(number) {
            return number.stringValue
        }
        throw Refusal("expected `\(name)` to be text")
    }

    private func number<Number: FixedWidthInteger>(
        _ object: [String: Any], _ names: [String], _ type: Number.Type
    ) throws(Refusal) -> Number? {
        guard let (name, value) = try value(object, names) else { return nil }
        if let number = value as? NSNumber, !Self.isBool(number), let exact = Number(exactly: number.doubleValue) {
            return exact
        }
        throw Refusal("expected `\(name)` to be a number from 0 to \(Number.max)")
    }

    /// Foundation keeps JSON's booleans as numbers; their type encoding tells them apart.
    private static func isBool(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }

    private func process(_ value: Any?, _ name: String) throws(Refusal) -> Attribute<ProcessName> {
        guard let value else { return .unknown }
        if value is NSNull { return .absent }
        guard let path = value as? String, !path.isEmpty else {
            throw Refusal("expected `\(name)` to be the path of an executable, or null for none")
        }
        return .known(ProcessName(rawValue: path))
    }

    private func principal(_ value: Any?, _ name: String) throws(Refusal) -> Attribute<Principal> {
        guard let value else { return .unknown }
        if value is NSNull { return .absent }
        if let text = value as? String, !text.isEmpty { return .known(Principal(name: text)) }
        guard let object = value as? [String: Any], let text = object["name"] as? String, !text.isEmpty,
            let groups = (object["groups"] ?? [String]()) as? [String]
        else { throw Refusal("expected `\(name)` to be a name, an object with `name` and `groups`, or null for none") }
        return .known(Principal(name: text, groups: Set(groups)))
    }
}
