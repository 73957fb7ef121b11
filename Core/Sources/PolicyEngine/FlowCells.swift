internal import NetworkTypes
internal import PolicyModel

/// Flows sorted into cells: one pair of policy classes, protocol and service; by pair, then service.
struct FlowCells: Sendable {
    /// Where a flow belongs, as one number that sorts: 13 bits for each class, one for a flow that is judged by itself,
    /// 8 for the protocol and 16 for the destination port, or type and code.
    struct Place {
        let bits: UInt64

        init(_ source: UInt16, _ destination: UInt16, isSingle: Bool, _ proto: IPProtocol, _ service: UInt16) {
            let pair = UInt64(source) << 13 | UInt64(destination)
            bits = pair << 25 | (isSingle ? 1 << 24 : 0) | UInt64(proto.rawValue) << 16 | UInt64(service)
        }

        static let pairShift: UInt64 = 25
        static let digit: UInt64 = 13
    }

    /// The pairs of classes that were seen, source × 2¹³ + destination, ascending, and where their cells begin.
    private(set) var pairs: [UInt32] = []
    private var pairStarts: [UInt32] = []
    /// For each cell whether its flows are judged by themselves (bit 24), protocol and service; and where its flows begin.
    private var services: [UInt32] = []
    private var cellStarts: [UInt32] = []
    /// The flows by number, cell after cell.
    private(set) var order: [UInt32] = []
    /// The key of each cell's decision; 0 where flows are judged by themselves.
    var keys: [UInt32] = []

    init(_ places: consuming [UInt64]) {
        var bits = places
        order = Self.sort(&bits)
        var last: UInt64?
        for (position, place) in bits.enumerated() where place != last {
            if last.map({ $0 >> Place.pairShift != place >> Place.pairShift }) ?? true {
                pairs.append(UInt32(place >> Place.pairShift))
                pairStarts.append(UInt32(services.count))
            }
            services.append(UInt32(place & (1 << Place.pairShift - 1)))
            cellStarts.append(UInt32(position))
            last = place
        }
        pairStarts.append(UInt32(services.count))
        cellStarts.append(UInt32(order.count))
        keys = Array(repeating: 0, count: services.count)
    }

    var count: Int { services.count }

    func cells(ofPair number: Int) -> Range<Int> { Int(pairStarts[number])..<Int(pairStarts[number + 1]) }

    func flows(ofCell number: Int) -> ArraySlice<UInt32> {
        order[Int(cellStarts[number])..<Int(cellStarts[number + 1])]
    }

    func isSingle(_ cell: Int) -> Bool { services[cell] >> 24 == 1 }
    func proto(_ cell: Int) -> IPProtocol { IPProtocol(rawValue: UInt8(services[cell] >> 16 & 0xFF)) }
    func service(_ cell: Int) -> UInt16 { UInt16(services[cell] & 0xFFFF) }

    /// Sorts by radix, and returns where each number was.
    private static func sort(_ bits: inout [UInt64]) -> [UInt32] {
        var order = [UInt32](0..<UInt32(bits.count))
        var otherBits = bits
        var otherOrder = order
        let mask: UInt64 = 1 << Place.digit - 1
        for shift in stride(from: UInt64(0), to: 4 * Place.digit, by: Int(Place.digit)) {
            var starts = [Int](repeating: 0, count: 1 << Int(Place.digit) + 1)
            for value in bits { starts[Int(value >> shift & mask) + 1] += 1 }
            for digit in 1..<starts.count { starts[digit] += starts[digit - 1] }
            for (position, value) in bits.enumerated() {
                let digit = Int(value >> shift & mask)
                let place = starts[digit]
                starts[digit] += 1
                otherBits[place] = value
                otherOrder[place] = order[position]
            }
            swap(&bits, &otherBits)
            swap(&order, &otherOrder)
        }
        return order
    }
}
