import FlowAnalysis
import NetworkTypes
import PolicyModel
import Reports

/// The map as a file that a person looks at.
struct MapPicture {
    /// What the file is, which its name tells.
    enum Kind {
        case svg
        case html

        init?(path: String) {
            if path.lowercased().hasSuffix(".svg") {
                self = .svg
            } else if path.lowercased().hasSuffix(".html") {
                self = .html
            } else {
                return nil
            }
        }
    }

    private let map: FlowMap
    private let drawing: MapDrawing

    init(_ map: FlowMap, workloads: [Workload], source: String) {
        self.map = map
        var subtitle = "no connections"
        if let total = map.total {
            subtitle =
                "\(FlowsAmount.text(total.connections, "connection")), \(FlowsAmount.minute(total.firstSeen)) to "
                + "\(FlowsAmount.minute(total.lastSeen)) UTC"
        }
        drawing = MapDrawing(
            map, MapLayout(map, workloads: workloads), title: "Who reaches whom", subtitle: subtitle)
    }

    func text(_ kind: Kind) -> String {
        switch kind {
        case .svg: drawing.text
        case .html: MapPage.text(map, drawing)
        }
    }
}
