import TestSupport
import Testing

/// The system as its users run it: the executables, started and killed for real.
@Suite(.takesPlace) struct EndToEnd {}
