import Foundation

/// One measured figure with what it is held against.
struct Figure {
    /// What a figure must reach to ship, and what we are after.
    enum Goal {
        case atMost(target: Double?, floor: Double?)
        case atLeast(target: Double?, floor: Double?)
    }

    let section: String
    let name: String
    let samples: Samples
    let unit: String
    var goal: Goal?
    /// Nanoseconds of the figure, for the ratio to the calibration's dependent load.
    var nanoseconds: Double?

    var target: Double? {
        switch goal {
        case .atMost(let target, _), .atLeast(let target, _): target
        case nil: nil
        }
    }

    var floor: Double? {
        switch goal {
        case .atMost(_, let floor), .atLeast(_, let floor): floor
        case nil: nil
        }
    }

    private func reaches(_ bound: Double?) -> Bool {
        guard let bound else { return true }
        switch goal {
        case .atMost: return samples.median <= bound
        case .atLeast: return samples.median >= bound
        case nil: return true
        }
    }

    var isBelowFloor: Bool { !reaches(floor) }

    var status: String {
        if isBelowFloor { return "BELOW FLOOR" }
        if !reaches(target) { return "above floor" }
        return target == nil ? "" : "target met"
    }
}

/// What a run found: figures, notes and failures.
struct Report {
    private(set) var figures: [Figure] = []
    private(set) var notes: [(name: String, value: String)] = []
    private(set) var failures: [String] = []
    private(set) var section = ""
    private(set) var chase = 1.0
    private let isLive: Bool

    /// A report that prints while it is made, or is printed at its end.
    init(isLive: Bool) { self.isLive = isLive }

    /// Starts a section and measures the calibration kernel for its ratios.
    mutating func begin(_ name: String) {
        section = name
        say("\n## \(name)")
        let calibration = Calibration()
        chase = calibration.chase.median
        add("calibration: dependent load in 16 MiB", calibration.chase, "ns")
        add("calibration: copy of 64 MiB", calibration.copy, "GB/s")
    }

    mutating func note(_ name: String, _ value: some CustomStringConvertible) {
        notes.append((section + ": " + name, value.description))
        say("\(Self.padded(name, 58)) \(value)")
    }

    mutating func add(
        _ name: String, _ samples: Samples, _ unit: String, _ goal: Figure.Goal? = nil, nanoseconds: Double? = nil
    ) {
        let figure = Figure(
            section: section, name: name, samples: samples, unit: unit, goal: goal, nanoseconds: nanoseconds)
        figures.append(figure)
        say(line(figure))
    }

    mutating func fail(_ text: String) {
        failures.append(section + ": " + text)
        say("FAILED: \(text)")
    }

    private func say(_ text: String) {
        guard isLive else { return }
        print(text)
        fflush(nil)
    }

    var belowFloor: [Figure] { figures.filter(\.isBelowFloor) }

    private func line(_ figure: Figure) -> String {
        let values = figure.samples
        var text = Self.padded(figure.name, 58) + " " + Self.padded(Self.short(values.median), 9, right: true)
        text += " " + Self.padded(figure.unit, 8)
        text += Self.padded("\(Self.short(values.least))–\(Self.short(values.greatest))", 18)
        text += Self.padded(figure.nanoseconds.map { "×\(Self.short($0 / chase)) load" } ?? "", 16)
        if figure.goal != nil {
            text += Self.padded("target \(figure.target.map(Self.short) ?? "-")", 14)
            text += Self.padded("floor \(figure.floor.map(Self.short) ?? "-")", 13) + figure.status
        }
        return text
    }

    /// Three significant digits are more than the spread allows.
    static func short(_ value: Double) -> String {
        value >= 1000 ? String(format: "%.0f", value) : String(format: "%.3g", value)
    }

    private static func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
        let gap = String(repeating: " ", count: max(0, width - text.count))
        return right ? gap + text : text + gap
    }

    /// The report as one JSON object.
    var json: String {
        let list = figures.map { figure -> [String: Any] in
            var entry: [String: Any] = [
                "section": figure.section, "name": figure.name, "unit": figure.unit,
                "median": figure.samples.median, "min": figure.samples.least, "max": figure.samples.greatest,
                "status": figure.status,
            ]
            if let target = figure.target { entry["target"] = target }
            if let floor = figure.floor { entry["floor"] = floor }
            return entry
        }
        let whole: [String: Any] = [
            "figures": list, "failures": failures,
            "notes": notes.map { ["name": $0.name, "value": $0.value] },
        ]
        guard let data = try? JSONSerialization.data(withJSONObject: whole, options: [.prettyPrinted, .sortedKeys])
        else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }
}
