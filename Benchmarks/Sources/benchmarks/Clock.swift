import Glibc

/// The CPU time of the calling thread, which other work on the machine moves less than the time of day.
enum Clock {
    /// Nanoseconds of CPU that this thread has used.
    static var cpu: Double { read(CLOCK_THREAD_CPUTIME_ID) }

    /// Nanoseconds since some fixed moment; cheaper to read than `cpu`.
    static var wall: Double { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// Nanoseconds of CPU that the work took.
    static func measure(_ work: () throws -> Void) rethrows -> Double {
        let start = cpu
        try work()
        return cpu - start
    }
}

/// Repeated measurements of one thing.
struct Samples {
    /// The measurements in ascending order.
    let sorted: [Double]

    init(_ values: [Double]) { sorted = values.sorted() }

    /// Measures the CPU time of some work as often as asked; what `prepare` does is not counted.
    init<Input>(repeats: Int, prepare: () -> Input, _ work: (Input) -> Void) {
        self.init(
            (0..<repeats).map { _ in
                let input = prepare()
                return Clock.measure { work(input) }
            })
    }

    /// The value below which a share of the measurements lies.
    func quantile(_ share: Double) -> Double {
        sorted.isEmpty ? .nan : sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }

    var median: Double { quantile(0.5) }
    var least: Double { sorted.first ?? .nan }
    var greatest: Double { sorted.last ?? .nan }

    /// The same measurements in another unit.
    func scaled(_ change: (Double) -> Double) -> Samples { Samples(sorted.map(change)) }
}
