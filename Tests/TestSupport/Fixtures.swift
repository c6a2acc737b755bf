/// Where files for tests lie. Paths come from this file's own place, so that tests find them
/// whatever the working folder is.
public enum Fixtures {
    /// A hundred real digits to train on and fifty to test: the four IDX files of MNIST's format.
    public static func mnistExtractDirectory() -> String {
        tests + "/CoordinatorTests/Fixtures/mnist-extract"
    }

    /// Reference cases of an independent implementation, written by PyTorch.
    public static func referenceCasesDirectory() -> String {
        tests + "/TrainerTests/Fixtures"
    }

    /// The folder that has a folder for each test target.
    private static let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(2).joined(separator: "/")
}
