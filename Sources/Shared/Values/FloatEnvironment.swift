internal import CFloats

/// The calling thread's floating-point environment: its rounding, and what it does with subnormal
/// numbers.
///
/// Results must have the same bits on every host, so everything that computes one calls
/// `setDefault()` first: another library in the process may have set flush-to-zero, which turns
/// subnormal numbers into zeros. Nothing restores the environment that was found.
public enum FloatEnvironment {
    /// Sets IEEE 754's default in the calling thread: rounds to nearest, keeps subnormal numbers,
    /// traps nothing. Threads that this thread creates later inherit it.
    public static func setDefault() { gdln_set_default_float_environment() }
}
