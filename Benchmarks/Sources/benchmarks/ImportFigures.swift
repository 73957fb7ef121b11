import FlowStore
import Flows
import Foundation
import NetworkTypes

/// Figure (c): text into the store, each line decoded, attributed to its edge, matched and added up.
///
/// Times are wall times, since SQLite's work is not all done by this thread; nothing runs beside.
struct ImportFigures {
    static let name = "import"
    let lines: Int
    let repeats: Int
    let isQuick: Bool

    /// How many edges the lines are about: the repetition is `lines / edges`, more for the first than for the last.
    private var edges: Int { lines / 50 }

    /// The forms of a line.
    private enum Form: String, CaseIterable {
        case zeek = "Zeek conn log (JSON)"
        /// Both directions of each connection, one after the other.
        case vpc = "VPC flow log, both directions"
    }

    func run(_ report: inout Report) {
        report.note("lines, edges that they are about", "\(lines), \(edges)")
        for form in Form.allCases { measure(form, &report) }
    }

    private func measure(_ form: Form, _ report: inout Report) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bulkhead-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let log = folder.appending(path: "flows.log")
            let text = text(form)
            try Data(text).write(to: log)
            report.note("\(form.rawValue): bytes", text.count)
            var times: [Double] = []
            var held = 0
            for number in 0..<repeats {
                let store = try FlowStore(directory: folder.appending(path: "data-\(number)").path)
                let start = Clock.wall
                let result = try store.importFiles([log.path])
                times.append(Clock.wall - start)
                held = try check(store, result, form, &report)
            }
            let rates = Samples(times.map { Double(lines) / $0 * 1e9 / 1000 })
            report.add(
                "\(form.rawValue): import", rates, "klines/s",
                isQuick ? nil : .atLeast(target: 500, floor: 150), nanoseconds: Samples(times).median / Double(lines))
            report.add(
                "\(form.rawValue): the same by edges",
                Samples(times.map { Double(held) / $0 * 1e9 / 1000 }), "kedges/s")
        } catch {
            report.fail("\(form.rawValue): \(error)")
        }
    }

    /// The number of edges; fails unless every line is in the store and in an edge.
    private func check(
        _ store: FlowStore, _ result: ImportReport, _ form: Form, _ report: inout Report
    ) throws -> Int {
        let expected = form == .zeek ? lines : lines / 2
        let edges = try store.edges()
        let sum = edges.reduce(0) { $0 + $1.connections }
        let counts = try store.counts()
        if result.refusedLines > 0 || counts.observations != lines || sum != counts.connections {
            report.fail(
                "\(form.rawValue): \(lines) lines gave \(counts.observations) records, \(sum) connections in edges")
        }
        // Ports are drawn, so that a few connections of one edge overlap and are taken for one.
        if abs(counts.connections - expected) > expected / 1000 {
            report.fail("\(form.rawValue): \(counts.connections) connections, expected some \(expected)")
        }
        return edges.count
    }

    private func text(_ form: Form) -> [UInt8] {
        var random = SplitMix64(seed: 3)
        let ports = [443, 5432, 8080, 53, 3306, 6379]
        let pairs = (0..<edges).map { _ in
            (host(random.below(2_000)), host(2_000 + random.below(2_000)), random.pick(ports))
        }
        var out: [UInt8] = []
        out.reserveCapacity(lines * (form == .zeek ? 300 : 110))
        if form == .vpc {
            out += Array(
                ("version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end "
                    + "action log-status tcp-flags\n").utf8)
        }
        for line in 0..<(form == .zeek ? lines : lines / 2) {
            let share = random.share()
            let (from, to, port) = pairs[min(pairs.count - 1, Int(Double(pairs.count) * share * share))]
            let source = 32_768 + random.below(28_000)
            switch form {
            case .zeek:
                let milliseconds = 1_764_000_000_000 + line * 50
                out += Array(
                    """
                    {"ts":\(milliseconds / 1000).\(String(1000 + milliseconds % 1000).dropFirst()),"uid":"C\(line * 7919)x\
                    \(line)","id.orig_h":"\(from)","id.orig_p":\(source),"id.resp_h":"\(to)","id.resp_p":\(port),\
                    "proto":"tcp","duration":\(random.below(3)).\(100 + random.below(900)),"orig_bytes":\
                    \(random.below(9_999)),"resp_bytes":\(random.below(99_999)),"conn_state":"SF","orig_pkts":5,\
                    "orig_ip_bytes":500,"resp_pkts":4,"resp_ip_bytes":900}

                    """.utf8)
            case .vpc:
                let start = 1_764_000_000 + line / 20
                let interface = "5 123456789012 eni-0\(1000 + line % 200)"
                out += Array(
                    "\(interface) \(from) \(to) \(source) \(port) 6 5 500 \(start) \(start + 30) ACCEPT OK 2\n".utf8)
                out += Array(
                    "\(interface) \(to) \(from) \(port) \(source) 6 5 900 \(start) \(start + 30) ACCEPT OK 18\n".utf8)
            }
        }
        return out
    }

    private func host(_ number: Int) -> String { "10.\(number >> 8).\(number & 255).5" }
}
