public import FlowAnalysis
import NetworkTypes

/// A map as a picture: SVG that stands by itself and reads nothing from elsewhere.
public struct MapDrawing {
    /// What traffic one edge stands for, in colours and lines.
    enum Look: String, CaseIterable {
        /// No policy says anything to it.
        case observed
        case allowed
        case undecided
        case denied
        /// Nobody answered.
        case failed

        init(_ count: TrafficCount) {
            if let policy = count.policy, policy.denied > 0 {
                self = .denied
            } else if let policy = count.policy, policy.undecided > 0 {
                self = .undecided
            } else if count.failed == count.connections {
                self = .failed
            } else {
                self = count.policy == nil ? .observed : .allowed
            }
        }

        var meaning: String {
            switch self {
            case .observed: "observed"
            case .allowed: "allowed by the policy"
            case .undecided: "not decided"
            case .denied: "denied by the policy, some or all"
            case .failed: "nobody answered"
            }
        }

        /// What attracts the eye is drawn last.
        var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    private let map: FlowMap
    private let layout: MapLayout
    private let title: String
    private let subtitle: String

    /// The most curves that one picture draws; the eye follows no more, and those that are denied come first.
    public static let curves = 600
    /// Room above the map, for title and legend.
    private static let head = 74.0
    /// The least width, for the legend.
    private static let leastWidth = 720.0
    /// The width of a character of the fixed font at one pixel of size; fonts have 0.55 to 0.602.
    private static let advance = 0.61

    /// Makes a picture of a map and its layout; titles are plain text.
    public init(_ map: FlowMap, _ layout: MapLayout, title: String, subtitle: String) {
        self.map = map
        self.layout = layout
        self.title = title
        self.subtitle = subtitle
    }

    /// How many curves are left out of the picture.
    public var leftOut: Int { max(0, layout.curves.count - Self.curves) }

    /// The picture as one SVG document.
    public var text: String {
        let width = max(layout.width, Self.leastWidth)
        let height = layout.height + Self.head
        var out = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Markup.length(width)) \(Markup.length(height))" \
            width="\(Markup.length(width))" height="\(Markup.length(height))" role="img" font-size="11">
            <title>\(Markup.escaped(title))</title>
            <style>\(Self.style)</style>
            <defs>\(markers)</defs>
            <rect class="paper" width="100%" height="100%"/>

            """
        out += heading()
        out += "<g transform=\"translate(0 \(Markup.length(Self.head)))\">\n"
        for place in layout.places { out += region(place) }
        out += "<g class=\"curves\">\n"
        let drawn = layout.curves.map { (curve: $0, look: Look(map.edges[$0.edge].total)) }
            // Stable: inside one look, edges with more connections come first.
            .sorted { a, b in a.look.order == b.look.order ? a.curve.edge < b.curve.edge : a.look.order > b.look.order }
            .prefix(Self.curves)
        for (curve, look) in drawn.reversed() { out += path(curve, look) }
        out += "</g>\n"
        for place in layout.places { out += heading(of: place) }
        let inner = innerTraffic()
        for (number, card) in layout.cards.enumerated() { out += self.card(card, number, inner[card.group]) }
        return out + "</g>\n</svg>\n"
    }

    static let style = """
        text{font-family:"DejaVu Sans Mono",ui-monospace,Menlo,Consolas,monospace;fill:#1b2733}\
        .paper{fill:#fff}.name{font-size:16px;font-weight:700}.what{fill:#5a6b7b}\
        .place{stroke:#c3ced9;fill:#f4f7fa}.place.d1{fill:#fff;stroke:#d5dee6}.place.d2{fill:#f4f7fa}\
        .in{font-size:12px;font-weight:700;fill:#46576a}.under{fill:#f4f7fa}\
        .card rect{fill:#fff;stroke:#8496a8}.card .t{font-weight:700;font-size:12px}.card .m{fill:#5a6b7b}\
        .card.peer rect{stroke-dasharray:4 3}\
        .curves path{fill:none;stroke-opacity:.75}\
        .observed{stroke:#6b7f93}.allowed{stroke:#2f8f6b}.undecided{stroke:#b7791f;stroke-dasharray:2 4}\
        .denied{stroke:#c5303a;stroke-dasharray:8 4}.failed{stroke:#9aa8b5;stroke-dasharray:1 4}\
        .loop{font-weight:700}.dim{opacity:.12}
        """

    private static let colours: [(Look, String)] = [
        (.observed, "#6b7f93"), (.allowed, "#2f8f6b"), (.undecided, "#b7791f"), (.denied, "#c5303a"),
        (.failed, "#9aa8b5"),
    ]

    private var markers: String {
        Self.colours.map { look, colour in
            """
            <marker id="to-\(look.rawValue)" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" \
            markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5L8 4L0 7.5z" fill="\(colour)"/></marker>
            """
        }.joined()
    }

    private func heading() -> String {
        var out = "<text class=\"name\" x=\"14\" y=\"24\">\(Markup.escaped(Markup.shortened(title, to: 64)))</text>\n"
        out += "<text class=\"what\" x=\"14\" y=\"42\">\(Markup.escaped(Markup.shortened(subtitle, to: 100)))</text>\n"
        var x = 14.0
        let seen = Set(map.edges.map { Look($0.total) })
        for look in Look.allCases where seen.contains(look) {
            out += """
                <path class="\(look.rawValue)" stroke-width="2" marker-end="url(#to-\(look.rawValue))" \
                d="M\(Markup.length(x)) 58h30"/><text class="what" x="\(Markup.length(x + 38))" y="62">\(look.meaning)</text>

                """
            x += 38 + Double(look.meaning.count) * 11 * Self.advance + 24
        }
        return out
    }

    private func region(_ place: MapLayout.Place) -> String {
        "<rect class=\"place d\(min(place.depth, 2))\" rx=\"8\" \(attributes(place.frame))/>\n"
    }

    /// The title of a place, on a ground of its own since curves may pass below.
    private func heading(of place: MapLayout.Place) -> String {
        let room = place.frame.width - 24
        let text = Markup.shortened(place.title, to: Int(room / (12 * Self.advance)))
        let width = Double(text.count) * 12 * Self.advance + 8
        return """
            <g class="title"><title>\(Markup.escaped(place.title))</title>\
            <rect class="under" rx="3" x="\(Markup.length(place.frame.x + 8))" y="\(Markup.length(place.frame.y + 4))" \
            width="\(Markup.length(min(width, room + 8)))" height="18"/>\
            <text class="in" x="\(Markup.length(place.frame.x + 12))" y="\(Markup.length(place.frame.y + 17))">\
            \(Markup.escaped(text))</text></g>

            """
    }

    private func path(_ curve: MapLayout.Curve, _ look: Look) -> String {
        let edge = map.edges[curve.edge]
        let p = curve.points.map { "\(Markup.length($0.x)) \(Markup.length($0.y))" }
        return """
            <path class="\(look.rawValue)" data-a="\(curve.ends.source)" data-b="\(curve.ends.destination)" \
            stroke-width="\(Markup.length(Self.width(edge.total.connections)))" marker-end="url(#to-\(look.rawValue))" \
            d="M\(p[0])C\(p[1]) \(p[2]) \(p[3])"><title>\(Markup.escaped(MapWords.line(edge)))</title></path>

            """
    }

    /// One pixel, and one more for each power of ten.
    private static func width(_ connections: Int) -> Double {
        var (left, width) = (connections, 1.0)
        while left >= 10 {
            left /= 10
            width += 1
        }
        return min(width, 8)
    }

    private func card(_ card: MapLayout.Card, _ number: Int, _ inner: MapEdge?) -> String {
        let frame = card.frame
        let isPeer = if case .labels = card.group { false } else { true }
        let about = "\(card.group): \(card.count) \(card.count == 1 ? "member" : "members")"
        // The count stands at the right of the title.
        let count = "\(card.count)" + (inner == nil ? "" : " ↻")
        let room = Int((frame.width - 20) / (12 * Self.advance)) - count.count - 1
        var out = """
            <g class="card\(isPeer ? " peer" : "")" data-n="\(number)" tabindex="0">\
            <title>\(Markup.escaped(about + (inner.map { "\n" + MapWords.line($0) } ?? "")))</title>\
            <rect rx="4" \(attributes(frame))/>\
            <text class="t" x="\(Markup.length(frame.x + 8))" y="\(Markup.length(frame.y + 17))">\
            \(Markup.escaped(Markup.shortened(card.title, to: room)))</text>\
            <text class="m\(inner == nil ? "" : " loop")" text-anchor="end" \
            x="\(Markup.length(frame.x + frame.width - 8))" y="\(Markup.length(frame.y + 17))">\(count)</text>
            """
        let letters = Int((frame.width - 16) / (11 * Self.advance))
        var lines = card.members.map { Markup.shortened($0, to: letters) }
        if card.count > card.members.count { lines.append("and \(card.count - card.members.count) more") }
        for (row, line) in lines.enumerated() {
            let y = frame.y + MapLayout.titleHeight + 10 + Double(row) * MapLayout.lineHeight
            out += """
                <text class="m" x="\(Markup.length(frame.x + 8))" y="\(Markup.length(y))">\(Markup.escaped(line))</text>
                """
        }
        return out + "</g>\n"
    }

    private func attributes(_ frame: MapLayout.Frame) -> String {
        "x=\"\(Markup.length(frame.x))\" y=\"\(Markup.length(frame.y))\" width=\"\(Markup.length(frame.width))\" "
            + "height=\"\(Markup.length(frame.height))\""
    }

    /// Traffic of a group with itself.
    private func innerTraffic() -> [MapGroup: MapEdge] {
        var result: [MapGroup: MapEdge] = [:]
        for edge in map.edges where edge.source == edge.destination { result[edge.source] = edge }
        return result
    }
}
