import Foundation
import Weights

extension ModelError: UserFacingError {
    var exitStatus: ExitStatus { .badUsage }

    var userMessage: String {
        guard case .notFound(let name?, _) = self else { return description }
        return description + NearestName.hint(name, among: KnownModels.names)
    }
}

/// Names that `--model` finds, for hints and completions.
enum KnownModels {
    /// None where a manifest is damaged: whoever opens a model is told.
    static var names: [String] {
        do { return try ModelStore.ofThisProcess.models().map(\.name) } catch { return [] }
    }
}

extension WeightFileError: UserFacingError {
    /// A file that is damaged, missing or not to be opened is wrong input; a disk or a memory that is full
    /// is not.
    var exitStatus: ExitStatus {
        guard case .system(_, let code) = reason else { return .badUsage }
        return [EIO, ENOSPC, EDQUOT, EFBIG, ENOMEM, EMFILE, ENFILE].contains(code) ? .failed : .badUsage
    }
}
