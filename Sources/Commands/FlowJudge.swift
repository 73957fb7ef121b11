import Foundation
import NetworkTypes
import PolicyEngine
import PolicyModel

/// Says what is added to the line of a flow, by the table where the policy has few enough classes.
struct FlowJudge {
    private let engine: PolicyEngine
    private let instant: Instant
    private var table: DecisionTable?
    // INVARIANT: as many texts as the table has decisions; those are bounded by the policy, not by the flows.
    private var texts: [DecisionTable.Key: [UInt8]] = [:]

    init(_ engine: PolicyEngine, _ instant: Instant) {
        self.engine = engine
        self.instant = instant
        table = DecisionTable(engine, at: instant)
    }

    /// The end of the line: a comma, the added members, the brace that closes the object, a line feed.
    mutating func addition(_ flow: Flow) throws -> [UInt8] {
        guard let key = table?.decide(flow) else { return try Self.text(engine.decide(flow, at: instant)) }
        if let known = texts[key] { return known }
        guard let decision = table?.decision(key) else { return [] }
        let made = try Self.text(decision)
        texts[key] = made
        return made
    }

    private static func text(_ decision: Decision) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let object = try encoder.encode(DecisionJSON(decision))
        return [UInt8(ascii: ",")] + object.dropFirst() + [UInt8(ascii: "\n")]
    }
}
