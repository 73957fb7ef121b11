import NetworkTypes
public import PolicyModel

/// Where everything of a map stands in a picture of it.
///
/// Groups stand as cards inside the places that their labels name, one place for each value of each dimension but the
/// last; unmanaged peers stand in a place of their own. Places and cards never overlap. Where one stands follows from the
/// names alone, so that a group is found again where it was as long as the inventory stays the same. Lengths are CSS pixels.
public struct MapLayout: Sendable {
    /// A rectangle.
    public struct Frame: Hashable, Sendable {
        /// Its left edge, from the left of the picture.
        public internal(set) var x: Double
        /// Its upper edge, from the top of the picture.
        public internal(set) var y: Double
        /// From left to right.
        public let width: Double
        /// From top to bottom.
        public let height: Double
    }

    /// A place that holds others: an environment, an application.
    public struct Place: Hashable, Sendable {
        /// What it is called; whole, however little room there is.
        public let title: String
        /// Where it is; its title has `titleHeight` at its top.
        public internal(set) var frame: Frame
        /// How many places it is inside of.
        public let depth: Int
    }

    /// A group.
    public struct Card: Hashable, Sendable {
        /// Which one.
        public let group: MapGroup
        /// What it is called where it stands; whole, however little room there is.
        public let title: String
        /// Who is in it; the first few where there are more.
        public let members: [String]
        /// How many are in it.
        public let count: Int
        /// Where it is.
        public internal(set) var frame: Frame
    }

    /// An edge of the map, drawn as a cubic curve from border to border of two cards.
    public struct Curve: Hashable, Sendable {
        /// The place of the edge in the map's edges.
        public let edge: Int
        /// The places of its cards in `cards`.
        public let ends: (source: Int, destination: Int)
        /// Its beginning, its two control points and its end (SVG 2, "The cubic Bézier curve commands").
        public let points: [(x: Double, y: Double)]

        public static func == (a: Self, b: Self) -> Bool { a.edge == b.edge }
        public func hash(into hasher: inout Hasher) { hasher.combine(edge) }
    }

    /// The places, outer ones first.
    public private(set) var places: [Place] = []
    /// The groups.
    public private(set) var cards: [Card] = []
    /// The edges between different groups, in the order of the map; those inside one group have no curve.
    public private(set) var curves: [Curve] = []
    /// How wide the picture is.
    public private(set) var width = 0.0
    /// How high it is.
    public private(set) var height = 0.0

    /// The height of a title.
    public static let titleHeight = 24.0
    /// The height of a line that names a member.
    public static let lineHeight = 14.0
    /// How many members a card names.
    public static let namedMembers = 4
    /// The width of a card.
    public static let cardWidth = 176.0
    private static let padding = 14.0
    /// Room between neighbours, for the curves.
    private static let gap = (x: 34.0, y: 26.0)

    /// Lays out a map; groups of `workloads` without traffic have their places too.
    public init(_ map: FlowMap, workloads: [Workload] = []) {
        var branches = Self.branches(map, workloads)
        // Outside first: who comes in stands above.
        let root = Self.node(&branches)
        add(root, x: 0, y: 0, depth: -1)
        width = root.size.width
        height = root.size.height
        connect(map)
    }

    // MARK: What is inside of what

    /// Words that tiers go by, from those who are asked by people to those who keep data; what stands first is drawn first.
    private static let tiers = [
        "edge", "proxy", "lb", "presentation", "frontend", "front", "web", "ui", "gateway", "api", "application", "app",
        "service", "backend", "worker", "queue", "cache", "data", "database", "db", "storage",
    ]

    private struct Branch {
        var path: [String]
        var card: Card
        var rank: Int
    }

    private static func branches(_ map: FlowMap, _ workloads: [Workload]) -> [Branch] {
        var members: [MapGroup: [String]] = [:]
        if case .labels(let dimensions) = map.grouping {
            for workload in workloads {
                members[.labels(dimensions.map { workload.labels[$0] }), default: []].append(workload.id.rawValue)
            }
        }
        for edge in map.edges {
            for group in [edge.source, edge.destination] where members[group] == nil {
                members[group] = (map.members[group] ?? []).map(\.description)
            }
        }
        return members.keys.sorted().map { group in
            let all = group.isLabelled ? (members[group] ?? []).sorted() : members[group] ?? []
            var path: [String]
            var title: String
            switch group {
            case .labels(let values):
                let words = values.map { $0?.description ?? "no label" }
                path = Array(words.dropLast())
                title = words.last ?? ""
            default:
                path = []
                title = group.description
            }
            let isLocal = if case .subnet = group { true } else { false }
            if path.isEmpty { path = [group.isLabelled ? "workloads" : isLocal ? "other hosts inside" : "outside"] }
            let lines = min(all.count, namedMembers) + (all.count > namedMembers ? 1 : 0)
            let frame = Frame(x: 0, y: 0, width: cardWidth, height: titleHeight + Double(lines) * lineHeight + 8)
            let card = Card(
                group: group, title: title, members: Array(all.prefix(namedMembers)), count: all.count, frame: frame)
            return Branch(path: path, card: card, rank: tiers.firstIndex(of: title.lowercased()) ?? tiers.count)
        }
    }

    // MARK: Sizes

    private indirect enum Node {
        case card(Card)
        case place(title: String, inside: [(node: Node, x: Double, y: Double)], width: Double, height: Double)

        var size: (width: Double, height: Double) {
            switch self {
            case .card(let card): (card.frame.width, card.frame.height)
            case .place(_, _, let width, let height): (width, height)
            }
        }
    }

    private static func node(_ branches: inout [Branch]) -> Node {
        // A place may not be called what the unmanaged are called, and stand among them.
        let outside = branches.filter { !$0.card.group.isLabelled }
        let inside = branches.filter { $0.card.group.isLabelled }
        let first = places(outside, 0)
        return pack("", first + places(inside, 0), isTitled: false, firstRow: first.count)
    }

    /// The places of one depth, by name.
    private static func places(_ branches: [Branch], _ depth: Int) -> [Node] {
        var byName: [String: [Branch]] = [:]
        for branch in branches { byName[branch.path[depth], default: []].append(branch) }
        return byName.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { name in
            let members = byName[name] ?? []
            let deeper = members.filter { $0.path.count > depth + 1 }
            let cards = members.filter { $0.path.count == depth + 1 }.sorted { a, b in
                (a.rank, a.card.group) < (b.rank, b.card.group)
            }
            return pack(name, cards.map { .card($0.card) } + places(deeper, depth + 1), isTitled: true)
        }
    }

    /// Puts boxes into rows, from left to right and from top to bottom, so that the whole is wider than high.
    ///
    /// The first `firstRow` of them share no row with the others.
    private static func pack(_ title: String, _ nodes: [Node], isTitled: Bool, firstRow: Int = 0) -> Node {
        let sizes = nodes.map(\.size)
        let area = sizes.reduce(0) { $0 + ($1.width + gap.x) * ($1.height + gap.y) }
        let isOfCards = nodes.contains { if case .card = $0 { true } else { false } }
        // Three tiers stand beside one another.
        let least = isOfCards ? 3 * cardWidth + 2 * gap.x : 0
        let room = max((area * 1.7).squareRoot(), sizes.map(\.width).max() ?? 0, least)
        var inside: [(node: Node, x: Double, y: Double)] = []
        let top = padding + (isTitled ? titleHeight : 0)
        var (x, y, row, widest) = (0.0, 0.0, 0.0, 0.0)
        for (number, (node, size)) in zip(nodes, sizes).enumerated() {
            if x > 0, x + size.width > room || number == firstRow {
                y += row + gap.y
                (x, row) = (0, 0)
            }
            inside.append((node, padding + x, top + y))
            x += size.width + gap.x
            row = max(row, size.height)
            widest = max(widest, x - gap.x)
        }
        // Room for a title, cut to the width of a card.
        return .place(
            title: title, inside: inside, width: max(widest, cardWidth) + 2 * padding, height: top + y + row + padding)
    }

    private mutating func add(_ node: Node, x: Double, y: Double, depth: Int) {
        switch node {
        case .card(var card):
            card.frame.x = x
            card.frame.y = y
            cards.append(card)
        case .place(let title, let inside, let width, let height):
            if depth >= 0 {
                places.append(
                    Place(title: title, frame: Frame(x: x, y: y, width: width, height: height), depth: depth))
            }
            for part in inside { add(part.node, x: x + part.x, y: y + part.y, depth: depth + 1) }
        }
    }

    // MARK: Curves

    private enum Side: Hashable {
        case left, right, top, bottom
    }

    private mutating func connect(_ map: FlowMap) {
        var numbers: [MapGroup: Int] = [:]
        for (number, card) in cards.enumerated() { numbers[card.group] = number }
        struct Hook: Hashable {
            let card: Int
            let side: Side
        }
        var hooks: [Hook: [(edge: Int, isSource: Bool, towards: Double)]] = [:]
        var wanted: [(edge: Int, source: Hook, destination: Hook)] = []
        for (place, edge) in map.edges.enumerated() {
            guard let source = numbers[edge.source], let destination = numbers[edge.destination], source != destination
            else { continue }
            let (from, to) = (cards[source].frame, cards[destination].frame)
            let sides = Self.sides(from, to)
            let a = Hook(card: source, side: sides.from)
            let b = Hook(card: destination, side: sides.to)
            wanted.append((place, a, b))
            let isUpright = sides.from == .top || sides.from == .bottom
            hooks[a, default: []].append((place, true, isUpright ? to.centre.x : to.centre.y))
            hooks[b, default: []].append((place, false, isUpright ? from.centre.x : from.centre.y))
        }
        // Curves at one side of a card are spread over it, in the order of where they go.
        struct End: Hashable {
            let edge: Int
            let isSource: Bool
        }
        var points: [End: (x: Double, y: Double)] = [:]
        for (hook, ends) in hooks {
            let frame = cards[hook.card].frame
            let sorted = ends.sorted { a, b in
                a.towards == b.towards
                    ? (a.edge, a.isSource ? 0 : 1) < (b.edge, b.isSource ? 0 : 1) : a.towards < b.towards
            }
            for (number, end) in sorted.enumerated() {
                let share = (Double(number) + 1) / (Double(sorted.count) + 1)
                points[End(edge: end.edge, isSource: end.isSource)] =
                    switch hook.side {
                    case .left: (frame.x, frame.y + frame.height * share)
                    case .right: (frame.x + frame.width, frame.y + frame.height * share)
                    case .top: (frame.x + frame.width * share, frame.y)
                    case .bottom: (frame.x + frame.width * share, frame.y + frame.height)
                    }
            }
        }
        curves = wanted.map { edge, source, destination in
            let start = points[End(edge: edge, isSource: true)] ?? (0, 0)
            let end = points[End(edge: edge, isSource: false)] ?? (0, 0)
            let reach = max(24, 0.4 * max(abs(end.x - start.x), abs(end.y - start.y)))
            return Curve(
                edge: edge, ends: (source.card, destination.card),
                points: [start, Self.moved(start, source.side, reach), Self.moved(end, destination.side, reach), end])
        }
    }

    /// The sides of two cards that look at each other.
    private static func sides(_ from: Frame, _ to: Frame) -> (from: Side, to: Side) {
        let aside = max(to.x - from.x - from.width, from.x - to.x - to.width)
        let apart = max(to.y - from.y - from.height, from.y - to.y - to.height)
        if aside > 0, aside > apart { return to.x > from.x ? (.right, .left) : (.left, .right) }
        return to.y > from.y ? (.bottom, .top) : (.top, .bottom)
    }

    private static func moved(_ point: (x: Double, y: Double), _ side: Side, _ reach: Double) -> (x: Double, y: Double)
    {
        switch side {
        case .left: (point.x - reach, point.y)
        case .right: (point.x + reach, point.y)
        case .top: (point.x, point.y - reach)
        case .bottom: (point.x, point.y + reach)
        }
    }
}

extension MapLayout.Frame {
    fileprivate var centre: (x: Double, y: Double) { (x + width / 2, y + height / 2) }
}

extension MapGroup {
    /// Whether its members are workloads, grouped by their labels.
    var isLabelled: Bool { if case .labels = self { true } else { false } }
}
