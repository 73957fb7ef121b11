import ArgumentParser

/// Whether what was left out counts as found.
struct PartialOption: ParsableArguments {
    @Flag(help: "Exit with 0 although lines were refused or packets left out; they are still told.")
    var allowPartial = false
}
