import Foundation
import Weights

extension ModelError: UserFacingError {
    var exitStatus: ExitStatus { .badUsage }
}

extension WeightFileError: UserFacingError {
    /// A file that is damaged, missing or not to be opened is wrong input; a disk or a memory that is full
    /// is not.
    var exitStatus: ExitStatus {
        guard case .system(_, let code) = reason else { return .badUsage }
        return [EIO, ENOSPC, EDQUOT, EFBIG, ENOMEM, EMFILE, ENFILE].contains(code) ? .failed : .badUsage
    }
}
