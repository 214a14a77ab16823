import ArgumentParser
import SegmentStore

/// What a directory that cannot be read at all means for the exit status.
enum LogFailure {
    /// Runs `body`, and turns what the store refuses into one line and a status by sysexits(3).
    static func told<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as StorageError {
            StandardError.note(error.description)
            throw ExitCode(status(error))
        }
    }

    private static func status(_ error: StorageError) -> Int32 {
        switch error {
        case .locked: 75
        case .corrupt, .newerFormat, .olderFormat: 65
        case .notADataDirectory: 73
        default: 74
        }
    }
}
