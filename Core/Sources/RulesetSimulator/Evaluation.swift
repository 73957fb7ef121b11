/// What the kernel would remember from earlier packets, told to an evaluation.
public struct KernelMemory: Hashable, Sendable {
    /// Whether every `limit` has been used up; else none has.
    public var isOverLimit: Bool
    /// The sets that can take no more keys from packets.
    public var fullSets: Set<String>

    /// A kernel that has seen no packet yet, unless told otherwise.
    public init(isOverLimit: Bool = false, fullSets: Set<String> = []) {
        self.isOverLimit = isOverLimit
        self.fullSets = fullSets
    }
}

extension Ruleset {
    /// Decides one packet at one hook, over all base chains of the table there, in the kernel's order.
    ///
    /// Sets are not changed for the next packet; within this one, what it adds is found. Linear in the rules met.
    public func evaluate(_ packet: Packet, hook: Hook, memory: KernelMemory = KernelMemory()) -> Outcome {
        var run = Evaluation(program: program, packet: packet, hook: hook, memory: memory)
        for chain in program.order[hook] ?? [] where run.call(chain) != .accepted { break }
        return run.outcome
    }
}

/// One packet's way through the base chains of a hook (`nft_do_chain`).
private struct Evaluation {
    let program: Program
    /// The program's own, once more: a debug build would copy the whole program for each step.
    private let rules: [Range<Int>]
    private let steps: [Step]
    let memory: KernelMemory
    var reading: Reading
    var outcome = Outcome()
    /// What this packet added to sets or took out, newest last.
    var changes: [(set: Int, key: [UInt128], present: Bool)] = []

    init(program: Program, packet: Packet, hook: Hook, memory: KernelMemory) {
        self.program = program
        rules = program.rules
        steps = program.steps
        self.memory = memory
        reading = Reading(packet, hook: hook)
    }

    private enum Result {
        case noMatch
        case verdict(RuleVerdict)
        case reject(RejectKind)
    }

    mutating func call(_ base: Int) -> Outcome.Verdict {
        let chain = program.chains[base]
        reading.state = state(at: chain)
        var current = base
        var next = chain.rules.lowerBound
        var end = chain.rules.upperBound
        var stack: [(chain: Int, next: Int, end: Int)] = []
        while true {
            guard next < end else {
                guard let frame = stack.popLast() else { return decide(chain.policy, chain.name) }
                (current, next, end) = frame
                continue
            }
            let rule = next
            next += 1
            let result = evaluate(rule, in: current)
            if case .noMatch = result { continue }
            let position = position(rule, current)
            outcome.path.append(position)
            switch result {
            case .noMatch, .verdict(.continue): continue
            case .verdict(.accept): return decide(.accepted, position, chain.name)
            case .verdict(.drop): return decide(.dropped, position, chain.name)
            case .reject(let kind): return decide(.rejected(kind.answer(reading.packet.family)), position, chain.name)
            case .verdict(.return): next = end
            case .verdict(.jump(let target)):
                stack.append((current, next, end))
                (current, next, end) = enter(target)
            // A goto leaves nothing behind: its chain's end returns to where the present chain would have returned.
            case .verdict(.goto(let target)): (current, next, end) = enter(target)
            }
        }
    }

    private func enter(_ chain: Int) -> (Int, Int, Int) {
        let rules = program.chains[chain].rules
        return (chain, rules.lowerBound, rules.upperBound)
    }

    private func position(_ rule: Int, _ chain: Int) -> RulePosition {
        RulePosition(program.chains[chain].name, rule - program.chains[chain].rules.lowerBound)
    }

    /// Before connection tracking a packet has no entry: it reads as invalid, or untracked after `notrack`.
    private func state(at chain: Chain) -> Packet.ConnectionState {
        if outcome.untracked { return .untracked }
        let packet = reading.packet
        let early = reading.hook.precedesTracking(priority: chain.priority, inputInterface: packet.inputInterface)
        return early ? .invalid : packet.state
    }

    private mutating func decide(_ policy: Policy, _ chain: String) -> Outcome.Verdict {
        outcome.verdict = policy == .accept ? .accepted : .dropped
        outcome.decidedBy = .policy(chain: chain)
        return outcome.verdict
    }

    private mutating func decide(
        _ verdict: Outcome.Verdict, _ rule: RulePosition, _ chain: String
    ) -> Outcome.Verdict {
        outcome.verdict = verdict
        outcome.decidedBy = .rule(rule, base: chain)
        return verdict
    }

    /// Runs the steps of a rule until one does not hold; without a verdict at its end the chain goes on.
    private mutating func evaluate(_ rule: Int, in chain: Int) -> Result {
        let range = rules[rule]
        var index = range.lowerBound
        while index < range.upperBound {
            let step = steps[index]
            index += 1
            switch step {
            case .compare(let field, let mask, let comparison, let value):
                guard let read = reading.value(field), comparison.holds(read & mask, value) else { return .noMatch }
            case .range(let field, let lower, let upper, let inverted):
                guard let read = reading.value(field), (lower <= read && read <= upper) != inverted else {
                    return .noMatch
                }
            case .lookup(let key, let set, let inverted):
                guard let isMember = contains(set, key), isMember != inverted else { return .noMatch }
            case .dispatch(let key, let map):
                guard let element = find(map, key) else { return .noMatch }
                let verdict = program.sets[map].verdicts[element]
                // `continue` lets the rest of the rule run.
                if verdict != .continue { return .verdict(verdict) }
            case .verdict(let verdict):
                if verdict != .continue { return .verdict(verdict) }
            case .reject(let number): return .reject(program.rejects[number])
            case .log(let number):
                let log = program.logs[number]
                outcome.logs.append(
                    Outcome.LogRecord(rule: position(rule, chain), prefix: log.prefix, group: log.group))
            case .counter(let named):
                outcome.counters.append(
                    named.map { .named(program.counters[$0]) } ?? .anonymous(position(rule, chain)))
            case .limit(let over): guard over == memory.isOverLimit else { return .noMatch }
            case .update(let number): guard update(program.updates[number]) else { return .noMatch }
            case .notrack: untrack()
            }
        }
        return .verdict(.continue)
    }

    /// The values of a key; nil when one of them cannot be read.
    private func values(_ key: LookupKey) -> [UInt128]? {
        switch key {
        case .field(let field): return reading.value(field).map { [$0] }
        case .tuple(let number):
            var result: [UInt128] = []
            for field in program.tuples[number] {
                guard let value = reading.value(field) else { return nil }
                result.append(value)
            }
            return result
        }
    }

    private func find(_ set: Int, _ key: LookupKey) -> Int? {
        switch key {
        case .field(let field): reading.value(field).flatMap { program.sets[set].index.find($0) }
        case .tuple: values(key).flatMap { program.sets[set].index.find($0) }
        }
    }

    /// Whether the set has the key, or nil when the key cannot be read.
    private func contains(_ set: Int, _ key: LookupKey) -> Bool? {
        if changes.isEmpty, case .field(let field) = key {
            return reading.value(field).map { program.sets[set].index.find($0) != nil }
        }
        return values(key).map { contains(set, $0) }
    }

    private func contains(_ set: Int, _ key: [UInt128]) -> Bool {
        if let change = changes.last(where: { $0.set == set && $0.key == key }) { return change.present }
        let index = program.sets[set].index
        return (key.count == 1 ? index.find(key[0]) : index.find(key)) != nil
    }

    /// Changes a set; false when there is no room or a limit of the element does not hold (`nft_dynset_eval`).
    private mutating func update(_ step: UpdateStep) -> Bool {
        guard let key = values(step.key) else { return false }
        let set = program.sets[step.set]
        let isMember = contains(step.set, key)
        switch step.operation {
        case .add, .update: guard isMember || !memory.fullSets.contains(set.name) else { return false }
        // A delete goes on whether or not there was something to delete.
        case .delete: if !isMember { return true }
        }
        changes.append((step.set, key, step.operation != .delete))
        outcome.updates.append(
            Outcome.SetUpdate(
                set: set.name, operation: step.operation, key: Lowering.text(key.map { $0...$0 }, set.types)))
        return step.limits.allSatisfy { $0 == memory.isOverLimit }
    }

    /// `notrack` has an effect only while the packet has no entry (`nft_notrack_eval`).
    private mutating func untrack() {
        guard reading.state == .invalid else { return }
        outcome.untracked = true
        reading.state = .untracked
    }
}
