/// The version that both executables print and a manifest names.
public enum ProductVersion {
    public static let current = "0.1.0"
}
