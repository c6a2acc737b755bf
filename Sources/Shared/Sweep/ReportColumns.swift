/// The columns of `report.csv` that are there whatever the axes are: no axis may have the name of
/// one.
public enum ReportColumn {
    /// Before the columns of the axes.
    public static let first = ["sweep", "position", "task", "state", "complete"]

    /// What a report says of a task's gate. A store keeps the texts by their order: a new column
    /// comes last.
    public static let gate = [
        "gate_family", "gate_k", "gate_id", "gate_class_size", "gate_density", "gate_rank",
        "gate_components", "trained_pathways", "untrained_pathways", "gate_name",
    ]

    /// Only where it is asked for: these differ from run to run.
    public static let runtime = ["attempts", "host", "started_at", "seconds", "rechecked_on"]
}

extension Experiment {
    /// After the columns of the axes, without those of the runtime.
    public var lastReportColumns: [String] {
        ReportColumn.gate + ["epochs_completed"] + measuredColumns + ["diverged_epoch"]
            + (hasTheory ? ["theory"] : []) + (hasClosedForm ? ["closed_form"] : [])
            + ["trajectory_sha256", "pruned_reason", "error", "recheck"]
    }

    /// All that are no axis's.
    var reportColumns: [String] { ReportColumn.first + lastReportColumns + ReportColumn.runtime }
}
