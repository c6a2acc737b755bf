import Glibc

/// How long a processor works for the body on this thread. Unlike time on a clock it does not grow
/// with what else the machine does.
public func processorTime(of body: () throws -> Void) rethrows -> Duration {
    let start = now()
    try body()
    return now() - start
}

private func now() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
