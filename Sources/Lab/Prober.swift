internal import Glibc
internal import Netfilter
internal import NetworkTypes

/// Sends real probes from one host, many at a time.
///
/// TCP connects, sends a word and waits for it to return; UDP sends a word and waits; ICMP sends an echo request. A
/// denied probe costs its time-outs, so `window` probes wait together.
public struct Prober: Sendable {
    /// Where the probes start.
    public let host: LabHost
    /// How long each attempt waits; an answer that comes later counts as none, and each attempt has a new source port.
    public let timeoutsMilliseconds: [Int32]
    /// How many wait together.
    public let window: Int

    /// Makes a prober.
    public init(_ host: LabHost, timeoutsMilliseconds: [Int32] = [150, 450], window: Int = 256) {
        self.host = host
        self.timeoutsMilliseconds = timeoutsMilliseconds
        self.window = max(1, window)
    }

    /// The results of cells whose source is an address of this host, in their order.
    public func probe(_ cells: [Cell]) throws -> [ProbeResult] {
        try host.namespace.run { [self] in
            var results = [ProbeResult](repeating: ProbeResult(answer: .silent, sourcePort: 0), count: cells.count)
            var open = Array(cells.indices)
            for timeout in timeoutsMilliseconds where !open.isEmpty {
                let found = try attempt(cells, open, timeout)
                for (place, result) in found { results[place] = result }
                open = open.filter { results[$0].answer == .silent }
            }
            return results
        }
    }

    private func attempt(_ cells: [Cell], _ places: [Int], _ timeout: Int32) throws -> [(Int, ProbeResult)] {
        var waiting: [Attempt] = []
        var results: [(Int, ProbeResult)] = []
        var next = places.startIndex
        while next < places.endIndex || !waiting.isEmpty {
            while waiting.count < window, next < places.endIndex {
                let place = places[next]
                next += 1
                var attempt = try Attempt(cells[place], place: place, port: host.sourcePorts.next(), within: timeout)
                if let answer = attempt.start() {
                    results.append((place, ProbeResult(answer: answer, sourcePort: attempt.sourcePort)))
                } else {
                    waiting.append(attempt)
                }
            }
            guard let soonest = waiting.map(\.deadline).min() else { continue }
            var polled = waiting.map { pollfd(fd: $0.socket.number, events: $0.events, revents: 0) }
            let milliseconds = max(0, (soonest - .now) / .milliseconds(1)) + 1
            guard poll(&polled, nfds_t(polled.count), Int32(milliseconds)) >= 0 || errno == EINTR else {
                throw SystemCallError.last("poll")
            }
            let now = ContinuousClock.now
            var kept: [Attempt] = []
            for (index, state) in polled.enumerated() {
                var answer: ProbeAnswer?
                if state.revents != 0 { answer = waiting[index].proceed() }
                if answer == nil, waiting[index].deadline <= now { answer = .silent }
                if let answer {
                    let result = ProbeResult(answer: answer, sourcePort: waiting[index].sourcePort)
                    results.append((waiting[index].place, result))
                } else {
                    kept.append(waiting[index])
                }
            }
            waiting = kept
        }
        return results
    }
}
