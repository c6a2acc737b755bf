import Testing

/// The system as its users run it: the executables, started and killed for real.
///
/// One after the other, because each test keeps several processes busy.
@Suite(.serialized) struct EndToEnd {}
