import Dialects
import NetworkTypes
import PolicyAnalysis
import PolicyEngine
import PolicyFiles
import PolicyModel

/// What became of a test that asks for a boundary.
struct BoundaryOutcome: Encodable {
    let name: String
    let location: String?
    /// `yes`, `no` or `unknown`.
    let answer: String
    /// A flow that gets through.
    let witness: WitnessJSON?
    /// The rule that prevents an answer.
    let because: String?

    /// Whether nobody else reaches, for sure.
    var holds: Bool { answer == "yes" }

    /// The tests of Bulkhead's own files among what is asked, under the policy view.
    static func all(of asked: AskedPolicy) -> [BoundaryOutcome] {
        let tests = asked.reading.loaded?.boundaryTests ?? []
        if tests.isEmpty { return [] }
        let engine = asked.engine()
        let names = WitnessText(index: asked.index)
        return tests.map { test in
            let services = ServiceSet(test.services, in: asked.workloads)
            let answer = Connectivity(engine, at: test.at).onlySources(test.only, reach: test.reaches, on: services)
            return BoundaryOutcome(test, answer, names)
        }
    }

    private init(_ test: BoundaryTest, _ answer: AnalysisAnswer, _ names: WitnessText) {
        name = test.id
        location = test.location.map { "\($0.file):\($0.line)" }
        switch answer {
        case .yes: (self.answer, witness, because) = ("yes", nil, nil)
        case .no(let found): (self.answer, witness, because) = ("no", WitnessJSON(found, names), nil)
        case .unknown(let rule): (self.answer, witness, because) = ("unknown", nil, rule.rawValue)
        }
    }

    func print(_ context: CommandContext, onlyBroken: Bool) throws {
        if holds, onlyBroken { return }
        let place = location.map { "\(TerminalText.line($0)): " } ?? ""
        if holds {
            try context.print("\(place)boundary `\(name)` holds")
            return
        }
        try context.print(context.paint("\(place)boundary `\(name)` does not hold", .red))
        if let witness { try context.say("this gets through: \(TerminalText.line(witness.text))", indent: 2) }
        if let because { try context.say("it cannot be told, because of `\(because)`", indent: 2) }
    }
}

extension ServiceSet {
    /// The traffic of services; a port name stands for the ports of every workload that has it.
    init(_ terms: [ServiceTerm], in workloads: [Workload]) {
        var result = ServiceSet()
        for term in terms {
            switch term {
            case .any: result = .all
            case .proto(let proto): result = result.union(ServiceSet(proto))
            case .ports(let proto, let destination, let source):
                guard proto.hasPorts else { continue }
                result = result.union(ServiceSet(proto, destination: destination, source: source))
            case .icmp(let proto, let type, let code):
                let low = UInt16(type) << 8 | UInt16(code ?? 0)
                let high = UInt16(type) << 8 | UInt16(code ?? 0xFF)
                result = result.union(ServiceSet(proto, destination: PortSet(low...high)))
            case .named(let name):
                for port in workloads.flatMap({ $0.namedPorts[name] ?? [] }) where port.proto.hasPorts {
                    result = result.union(ServiceSet(port.proto, destination: PortSet(port.port)))
                }
            }
        }
        self = result
    }
}
