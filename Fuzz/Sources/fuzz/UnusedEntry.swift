/// What libFuzzer's own `main` would call; the linker takes that along, but the `main` of this program runs.
@_cdecl("LLVMFuzzerTestOneInput")
public func unusedEntry(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 { 0 }
