internal import CProcess
import Glibc

/// What the process does with signals that would end it in the middle of its work.
public enum ProcessSignals {
    /// Makes a write beyond the file size limit of the process an error instead of SIGXFSZ.
    public static func ignoreFileSizeLimit() { signal(SIGXFSZ, SIG_IGN) }

    /// Makes a write to a pipe or socket that nobody reads an error instead of SIGPIPE: a program
    /// that runs for long outlives the reader of its log. Commands that only print do not call it.
    public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Ignores SIGUSR1 and SIGUSR2.
    public static func ignoreUserSignals() {
        signal(SIGUSR1, SIG_IGN)
        signal(SIGUSR2, SIG_IGN)
    }

    /// Whether the process was started so that it outlives its terminal, as `nohup` does it: SIGHUP
    /// then stays ignored.
    public static var isHangUpIgnored: Bool { gdln_is_signal_ignored(SIGHUP) != 0 }
}
