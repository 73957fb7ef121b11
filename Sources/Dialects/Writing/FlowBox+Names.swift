import NetworkTypes
import PolicyModel

extension EndTable {
    /// The box without named ports: one box for each list of ports that destinations have under the names.
    func numbered(_ box: FlowBox, _ namer: inout EndNamer) -> [FlowBox] {
        guard case .carried(let terms) = box.services,
            terms.contains(where: { if case .named = $0 { true } else { false } })
        else { return [box] }
        var groups: [TrafficServices: [Int]] = [:]
        var order: [TrafficServices] = []
        for number in box.to.members.numbers {
            let ports = universe.members[number].owner?.namedPorts ?? [:]
            let services = TrafficServices(
                terms.flatMap { term -> [ServiceTerm] in
                    guard case .named(let name) = term else { return [term] }
                    return (ports[name] ?? []).map { .ports($0.proto, destination: PortSet($0.port)) }
                })
            if groups[services] == nil { order.append(services) }
            groups[services, default: []].append(number)
        }
        return order.compactMap { services in
            let numbers = Set(groups[services] ?? [])
            let members = MemberSet(count: universe.members.count, where: numbers.contains)
            var part = box
            part.to = members == box.to.members ? box.to : box.to.intersection(namer.name(members))
            part.services = services
            return part.isEmpty ? nil : part
        }
    }
}
