import GRDB
import Shared

/// What a failing disk looks like from outside this folder.
extension Error {
    /// The disk is full, read-only or broken, or somebody else holds the file: nothing is wrong
    /// with what was asked, and it may be granted later.
    var isStorageFailure: Bool {
        if self is POSIXFileError { return true }
        guard let error = self as? DatabaseError else { return false }
        let codes: [ResultCode] = [
            .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_BUSY, .SQLITE_LOCKED,
            .SQLITE_CANTOPEN, .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_NOMEM, .SQLITE_ABORT,
        ]
        return codes.contains(error.resultCode)
    }

    /// The disk was told to keep something and did not.
    var isFailedSync: Bool {
        guard let error = self as? DatabaseError else { return false }
        let codes: [ResultCode] = [.SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC]
        return codes.contains(error.extendedResultCode)
    }
}
