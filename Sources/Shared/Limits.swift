/// Every bound in the system, in one place, so that nothing grows without one and a reader can see
/// how they stand to each other. The unit is in the name; counts have none.
public enum Limits {
    // A sweep file, and what it expands to.
    public static let sweepFileBytesMax = 1 << 20
    public static let sweepNestingMax = 16
    public static let tasksPerSweepMax = 100_000
    public static let axesPerSweepMax = 32
    public static let valuesPerAxisMax = 100_000
    public static let nameCharactersMax = 128
    public static let attemptsMax = 100
    public static let attemptsDefault = 3

    // A network and its training.
    public static let domainsMax = 1_000
    public static let classesMax = 64
    public static let hiddenWidthMax = 16_384
    public static let layersMax = 16
    public static let batchSizeMax = 4_096
    public static let epochsMax = 1_000_000
    public static let parametersMax = 1 << 32

    // Files.
    public static let datasetBytesMax = 1 << 32
    public static let datasetExamplesMax = 10_000_000
    public static let datasetNumbersPerExampleMax = 1 << 20
    /// One file of a data set before and after gunzip: EMNIST's largest has 547 MB.
    public static let datasetSourceFileBytesMax = 1 << 30
    public static let tensorsPerFileMax = 65_536
    public static let tensorHeaderBytesMax = 16 << 20
}
