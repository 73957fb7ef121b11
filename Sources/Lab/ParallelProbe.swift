internal import Netfilter
internal import NetworkTypes
internal import Synchronization

extension LabNetwork {
    /// Probes cells of any sources, all hosts at once; the results stand in the order of the cells.
    ///
    /// A cell whose source is no host's address is silent.
    public func probe(_ cells: [Cell], timeoutsMilliseconds: [Int32] = [150, 450]) throws -> [ProbeResult] {
        let box = ProbeBox(count: cells.count)
        var threads: [JoinableThread] = []
        defer { for thread in threads { thread.join() } }
        for host in hosts {
            let places = cells.indices.filter { host.addresses.contains(cells[$0].source) }
            guard !places.isEmpty else { continue }
            let prober = Prober(host, timeoutsMilliseconds: timeoutsMilliseconds)
            threads.append(
                try JoinableThread {
                    box.store(places, Result { try prober.probe(places.map { cells[$0] }) })
                })
        }
        for thread in threads { thread.join() }
        return try box.take()
    }

    /// Probes with time-outs that a very busy machine meets; each silent cell costs them in full.
    func probePatiently(_ cells: [Cell]) throws -> [ProbeResult] {
        try probe(cells, timeoutsMilliseconds: [1000, 2000])
    }

    /// Probes that should all pass; what is silent at first is sent again with patience.
    public func probeExpectingAnswers(_ cells: [Cell]) throws -> [ProbeResult] {
        var results = try probe(cells)
        let late = cells.indices.filter { results[$0].answer == .silent }
        for (place, result) in zip(late, try probePatiently(late.map { cells[$0] })) { results[place] = result }
        return results
    }
}

/// Where the threads of a parallel probe leave their results.
private final class ProbeBox: Sendable {
    private let results: Mutex<[ProbeResult]>
    private let failure = Mutex<(any Error)?>(nil)

    init(count: Int) {
        results = Mutex([ProbeResult](repeating: ProbeResult(answer: .silent, sourcePort: 0), count: count))
    }

    func store(_ places: [Int], _ found: Result<[ProbeResult], any Error>) {
        switch found {
        case .success(let list):
            results.withLock { results in
                for (place, result) in zip(places, list) { results[place] = result }
            }
        case .failure(let error): failure.withLock { $0 = error }
        }
    }

    func take() throws -> [ProbeResult] {
        if let error = failure.withLock({ $0 }) { throw error }
        return results.withLock { $0 }
    }
}
