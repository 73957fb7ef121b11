import Foundation

/// Chromium, which `scripts/setup` installs; it sees files of a test and nothing else.
enum Browser {
    private static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    static var isAvailable: Bool { path != nil }

    struct Failure: Error {
        let text: String
    }

    /// What a script in the page makes of it: the text of the element that it gives the id `result`.
    static func result(of page: String, script: String) throws -> String {
        let dom = try run(page.replacing("</body>", with: "<script>\(script)</script></body>"), ["--dump-dom"])
        guard let start = dom.range(of: "<pre id=\"result\">"),
            let end = dom[start.upperBound...].range(of: "</pre>")
        else { throw Failure(text: "no result in \(dom.prefix(300))") }
        return String(dom[start.upperBound..<end.lowerBound]).replacing("&gt;", with: ">").replacing("&lt;", with: "<")
            .replacing("&amp;", with: "&")
    }

    private static func run(_ page: String, _ arguments: [String]) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "browser-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "page.html")
        try Data(page.utf8).write(to: file)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path ?? "")
        process.arguments =
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1500,1100",
                "--virtual-time-budget=5000", "--user-data-dir=\(folder.path)/profile",
            ] + arguments + [file.absoluteString]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self)
    }
}
