import Commands
import Foundation

exit(BulkheadCommand.run(Array(CommandLine.arguments.dropFirst()), in: .ofProcess()).rawValue)
