internal import Netfilter
internal import NetworkTypes

/// Real conversations between the hosts of the lab.
struct LabTraffic: Sendable {
    private let network: LabNetwork

    init(_ network: LabNetwork) { self.network = network }

    /// A table of ours that filters nothing: the kernel tracks connections only where a rule asks for their state.
    static let watch = """
        table inet bulkhead-lab-watch {
            chain incoming { type filter hook input priority -300; policy accept; ct state new counter; }
            chain outgoing { type filter hook output priority -300; policy accept; ct state new counter; }
        }
        """

    /// Lets the hosts live out their habits; answers and requests.
    func run() throws -> (answered: Int, asked: Int) {
        var answered = 0
        var asked = 0
        for habit in LabScenario.habits {
            for family in AddressFamily.allCases {
                asked += habit.times
                if habit.isRelayed {
                    for _ in 0..<habit.times where ask(habit.from, habit.to, habit.port, family) != nil {
                        answered += 1
                    }
                } else {
                    let cells = cells(habit, family)
                    answered += try network.probe(cells).count { $0.answer == .answered }
                }
            }
        }
        return (answered, asked)
    }

    private func cells(_ habit: LabScenario.Habit, _ family: AddressFamily) -> [Cell] {
        guard let from = network.host(habit.from)?.address(family), let to = network.host(habit.to)?.address(family)
        else { return [] }
        let cell = Cell(source: from, destination: to, proto: habit.proto, port: habit.port)
        return [Cell](repeating: cell, count: habit.times)
    }

    /// What a relayed request from one host to another is answered with; nil for no answer.
    func ask(_ from: String, _ to: String, _ port: UInt16, _ family: AddressFamily) -> String? {
        guard let source = network.host(from), let address = source.address(family),
            let destination = network.host(to)?.address(family)
        else { return nil }
        let answer = try? source.namespace.run {
            LabStream(from: (address, source.sourcePorts.next()), to: destination, port: port)?
                .ask(ServiceHost.relayRequest, timeoutMilliseconds: 2000)
        }
        return answer.map { String(decoding: $0, as: UTF8.self) }
    }

    func walk(_ path: LabPath) -> String? { ask(path.from, path.steps[0].to, path.steps[0].port, path.family) }
}
