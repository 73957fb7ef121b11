import Foundation

/// Turns arguments into files: a directory stands for the files at and below it, in the order of their paths.
enum FlowsFileFinder {
    /// Files whose names begin with `.` are left out, and links to directories are not followed.
    static func files(_ paths: [String]) throws -> [String] {
        var result: [String] = []
        for path in paths {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
                // The store says what is wrong with a file, and goes on with the next.
                result.append(path)
                continue
            }
            let found = try below(path)
            if found.isEmpty { throw CommandError("expected flow logs in the directory `\(path)`, found no file") }
            result += found
        }
        // One file given twice is imported once: its lines are known the second time.
        var seen: Set<String> = []
        return result.filter { seen.insert($0).inserted }
    }

    private static func below(_ directory: String) throws -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: directory) else {
            throw CommandError("cannot read the directory `\(directory)`")
        }
        var found: [String] = []
        while let name = walk.nextObject() as? String {
            let isFile = walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular
            let isLink = walk.fileAttributes?[.type] as? FileAttributeType == .typeSymbolicLink
            guard isFile || isLink, !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) else { continue }
            let path = directory.hasSuffix("/") ? directory + name : directory + "/" + name
            var isDirectory: ObjCBool = false
            if isLink, FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
                continue
            }
            found.append(path)
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
