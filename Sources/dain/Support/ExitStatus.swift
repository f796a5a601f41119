/// The statuses with which `dain` ends. They are part of its interface: README lists them.
enum ExitStatus: Int32 {
    /// Everything that was asked for is done, perhaps with warnings.
    case done = 0
    /// Something went wrong on the way: the disk is full, memory is short, the CPU is too old.
    case failed = 1
    /// The command line or an input is wrong: trying again in the same way cannot help.
    case badUsage = 2
    /// Ended by SIGINT or SIGTERM; nothing lies under the output's final name.
    case interrupted = 130
}
