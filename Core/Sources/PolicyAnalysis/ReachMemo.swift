import PolicyEngine

/// Judgements by what they depend on: pairs of ends that meet the same rules in the same state are judged once.
struct ReachMemo: Sendable {
    let sweep: LayerSweep
    /// The distinct states of layers.
    var states = ListTable()
    private(set) var masks: [AtomMask] = []
    private var maskNumbers: [AtomMask: Int] = [:]
    private(set) var shapes: [RuleShape] = []
    private var shapeNumbers: [RuleShape: UInt32] = [:]
    private var keys = ListTable()
    private var trafficOfKey: [UInt32] = []
    /// The distinct judgements.
    private(set) var traffic: [EndTraffic] = []
    private var trafficNumbers: [EndTraffic: UInt32] = [:]

    init(_ sweep: LayerSweep) { self.sweep = sweep }

    mutating func number(_ mask: AtomMask) -> Int {
        if let known = maskNumbers[mask] { return known }
        masks.append(mask)
        maskNumbers[mask] = masks.count - 1
        return masks.count - 1
    }

    mutating func number(_ shape: RuleShape) -> UInt32 {
        if let known = shapeNumbers[shape] { return known }
        shapes.append(shape)
        shapeNumbers[shape] = UInt32(shapes.count - 1)
        return UInt32(shapes.count - 1)
    }

    mutating func number(_ judged: EndTraffic) -> UInt32 {
        if let known = trafficNumbers[judged] { return known }
        traffic.append(judged)
        trafficNumbers[judged] = UInt32(traffic.count - 1)
        return UInt32(traffic.count - 1)
    }

    /// The judgement of a key: the number of the state, how each layer is present, then the shapes of the rules.
    mutating func judge(_ key: [UInt32]) -> UInt32 {
        let (number, isNew) = keys.number(of: key)
        if isNew { trafficOfKey.append(self.number(sweep(key))) }
        return trafficOfKey[number]
    }

    /// The same without remembering, told to an observer; the steps name places in the list of shapes.
    func trace(_ key: [UInt32], _ observer: @escaping (LayerSweep.Step) -> Void) -> EndTraffic {
        sweep(key, observer)
    }

    private func sweep(_ key: [UInt32], _ observer: ((LayerSweep.Step) -> Void)? = nil) -> EndTraffic {
        let layers = sweep.offsets.count
        return sweep.judge(
            state: states[Int(key[0])], presence: { LayerSweep.Presence(rawValue: key[1 + $0]) ?? .present },
            rules: key[(1 + layers)...].map { shapes[Int($0)] }, masks: masks, observer: observer)
    }
}
