/// What may be shown to people wherever they read it.
extension String {
    /// Whether a terminal shows it as it is: no control characters, old or new, no ends of lines,
    /// and nothing that turns the direction of what follows.
    public var isPlain: Bool {
        unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: false
            default: true
            }
        }
    }
}
