import NetworkTypes
import PolicyFiles
import PolicyModel

/// The ports of one end of a rule.
struct CalicoPorts {
    /// The numbers that are covered, without those that are excluded.
    var numbers = PortSet.all
    var names: [String] = []
    /// The numbers that are excluded.
    var excluded = PortSet()
    var notNames: [String] = []
    /// Where the first port was written.
    var location: Diagnostic.Location?

    /// Whether ports are named at all.
    var isWritten: Bool { location != nil }

    static func read(_ entity: Tree?) throws(Refusal) -> CalicoPorts {
        var ports = CalicoPorts()
        guard let entity else { return ports }
        let (numbers, names) = try list(entity, "ports", &ports.location)
        let (excluded, notNames) = try list(entity, "notPorts", &ports.location)
        if !numbers.isEmpty || !names.isEmpty { ports.numbers = numbers }
        ports.names = names
        ports.excluded = excluded
        ports.notNames = notNames
        ports.numbers = ports.numbers.subtracting(excluded)
        return ports
    }

    private static func list(
        _ entity: Tree, _ field: String, _ location: inout Diagnostic.Location?
    ) throws(Refusal) -> (PortSet, [String]) {
        var ranges: [ClosedRange<UInt16>] = []
        var names: [String] = []
        for item in try entity.list(field) {
            let scalar = try item.scalar("a port")
            location = location ?? scalar.location
            // `port.go`: digits, `first:last`, or the name of a port; a number in quotation marks is a number.
            let parts = scalar.text.split(separator: ":", omittingEmptySubsequences: false)
            if parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }), parts.count <= 2 {
                guard let first = UInt16(parts[0]), let last = UInt16(parts[parts.count - 1]), 1 <= first, first <= last
                else {
                    throw Refusal(
                        "expected a port or `first:last` from 1 to 65535, got `\(scalar.text.prefix(60))`",
                        at: scalar.location, code: "out-of-range")
                }
                ranges.append(first...last)
            } else {
                guard KubernetesNames.isPortName(scalar.text) else {
                    throw Refusal(
                        "expected a port, `first:last` or the name of a port, got `\(scalar.text.prefix(60))`",
                        at: scalar.location, code: "invalid-port")
                }
                if !names.contains(scalar.text) { names.append(scalar.text) }
            }
        }
        return (PortSet(ranges), names)
    }
}
