public import Foundation
import Glibc

extension CocoaError {
    /// What could not be used and why, such as "cannot use `/a`: Permission denied", without domains and dictionaries.
    public var reason: String {
        let cause = (underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) }
        return "cannot use `\(filePath ?? url?.path ?? "a file")`: \(cause ?? localizedDescription)"
    }
}
