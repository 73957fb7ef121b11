import Glibc

/// How many worlds a build can afford: a debug build is some twenty times slower, and `make test` runs both.
///
/// `BULKHEAD_WORLDS` in the environment is a percentage of that; `scripts/mutants` asks for fewer.
func worlds(_ count: UInt64, from first: UInt64 = 0, debugShare: UInt64 = 25) -> Range<UInt64> {
    var isDebug = false
    assert(
        {
            isDebug = true
            return true
        }())
    let percent = getenv("BULKHEAD_WORLDS").flatMap { UInt64(String(cString: $0)) } ?? 100
    return first..<first + max(1, count / (isDebug ? debugShare : 1) * percent / 100)
}
